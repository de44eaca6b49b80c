import { beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';

import { searchAttributes } from '../../../src/core/experiment/naming.js';
import { environmentNames } from '../../../src/contracts/environment.js';

const run = promisify(execFile);

interface Service {
  readonly image: string;
  readonly build?: unknown;
  readonly command?: string | readonly string[];
  readonly ports?: readonly string[];
  readonly healthcheck?: object;
  readonly mem_limit?: string;
  readonly restart?: string;
  readonly profiles?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
}

let text: string;
let services: Readonly<Record<string, Service>>;
beforeAll(async () => {
  text = await readFile('docker-compose.yml', 'utf8');
  services = (parse(text, { merge: true }) as { services: Record<string, Service> }).services;
});

const each = (): readonly (readonly [string, Service])[] => Object.entries(services);
/** What runs once and ends, and the command line. */
const passing = (service: Service): boolean =>
  service.restart?.startsWith('on-failure') === true || service.profiles !== undefined;

describe('docker-compose.yml', () => {
  it('has every part of the self-hosted stack', () => {
    expect(Object.keys(services)).toEqual(
      expect.arrayContaining([
        ...['temporal', 'temporal-ui', 'postgres', 'langfuse-web', 'langfuse-worker'],
        ...['clickhouse', 'redis', 'minio', 'assay-migrate', 'assay-worker', 'assay-cells'],
      ]),
    );
  });

  it('pins every image to a version', () => {
    const loose = each().filter(
      ([, { image, build }]) => build === undefined && !/:[A-Za-z.]*\d+\.?\d*/.test(image),
    );
    expect(loose).toEqual([]);
  });

  it('states the memory of every service', () => {
    expect(each().filter(([, { mem_limit }]) => mem_limit === undefined)).toEqual([]);
  });

  it('checks the health of all that keeps running', () => {
    const unchecked = each().filter(
      ([, service]) => service.healthcheck === undefined && !passing(service),
    );
    expect(unchecked.map(([name]) => name)).toEqual([]);
  });

  it('waits for health, or for the end of what runs once', () => {
    for (const [, { depends_on = {} }] of each()) {
      for (const [other, { condition }] of Object.entries(depends_on)) {
        const service = services[other];
        expect(service).toBeDefined();
        expect(condition).toBe(
          service !== undefined && passing(service)
            ? 'service_completed_successfully'
            : 'service_healthy',
        );
      }
    }
  });

  it('publishes ports on this machine alone', () => {
    const open = each().flatMap(([, { ports = [] }]) =>
      ports.filter((port) => !port.startsWith('127.0.0.1:')),
    );
    expect(open).toEqual([]);
  });

  it('gives nobody new privileges, and Assay no capability and no root file system to write to', () => {
    for (const [name, service] of each()) {
      expect([name, service.security_opt]).toEqual([name, ['no-new-privileges:true']]);
    }
    const ours = each().filter(([name]) => name.startsWith('assay'));
    expect(ours.length).toBeGreaterThan(3);
    for (const [, service] of ours) {
      expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
    }
  });

  it('knows no password: each secret is required, and none has a default', () => {
    const secret = /PASSWORD|SECRET|SALT|ENCRYPTION|_PWD|REDIS_AUTH/;
    const values = each().flatMap(([, { environment = {} }]) => Object.entries(environment));
    const secrets = values.filter(([name]) => secret.test(name));
    expect(secrets.length).toBeGreaterThan(10);
    expect(secrets.filter(([, value]) => !/^\$\{[A-Z_]+:\?/.test(value))).toEqual([]);
  });

  it('gives Assay all variables that are documented, and no others', async () => {
    const reference = await readFile('docs/reference/environment.md', 'utf8');
    const sections = reference
      .split('\n## ')
      .filter((section) => /^(Services|The command line)\n/.test(section));
    expect(sections).toHaveLength(2);
    const documented = sections.flatMap((section) =>
      [...section.matchAll(/^\| `([A-Z_]+)`/gm)].map(([, name = '']) => name),
    );
    expect(documented).toEqual(expect.arrayContaining([...environmentNames]));
    const notHere = new Set([
      // The other name of LANGFUSE_HOST.
      'LANGFUSE_BASE_URL',
      // Where a Temporal program is kept: the stack has a server.
      'XDG_CACHE_HOME',
    ]);
    const given = Object.keys(services['assay-worker']?.environment ?? {});
    expect(given.toSorted()).toEqual(documented.filter((name) => !notHere.has(name)).toSorted());
  });

  it('lets links lead to where a browser finds Langfuse, and not to its name in the stack', () => {
    const environment = services['assay-worker']?.environment ?? {};
    expect(environment['LANGFUSE_WEB_URL']).toBe(
      services['langfuse-web']?.environment?.['NEXTAUTH_URL'],
    );
    expect(environment['LANGFUSE_WEB_URL']).toMatch(/^\$\{LANGFUSE_URL:-http:\/\/localhost:/);
  });

  it('runs all roles of a worker between its services', () => {
    const roles = ['assay-worker', 'assay-cells'].flatMap((name) => {
      const command = services[name]?.command ?? [];
      return String(command[command.indexOf('--roles') + 1]).split(',');
    });
    expect(roles.toSorted()).toEqual(['cells', 'orchestration', 'publishing']);
  });
});

describe('the script of the namespace', () => {
  it('registers the search attributes of the workflows, all of them', async () => {
    const script = await readFile('deploy/compose/temporal/namespace.sh', 'utf8');
    const names = /for name in ([\w ]+); do/.exec(script)?.[1]?.split(' ');
    expect(names).toEqual(Object.keys(searchAttributes));
    expect(new Set(Object.values(searchAttributes))).toEqual(new Set(['KEYWORD']));
  });
});

describe('the scripts of the stack', () => {
  it('can be read by their shells, and can be executed', async () => {
    const files = (await readdir('deploy', { recursive: true })).filter((name) =>
      name.endsWith('.sh'),
    );
    expect(files.length).toBeGreaterThan(3);
    for (const file of files.map((name) => join('deploy', name))) {
      const [line] = (await readFile(file, 'utf8')).split('\n');
      await run(line?.endsWith('bash') === true ? 'bash' : 'sh', ['-n', file]);
      expect((await stat(file)).mode & 0o111).not.toBe(0);
    }
  });
});

describe('the guide to self-hosting', () => {
  let guide: string;
  beforeAll(async () => {
    guide = await readFile('docs/guides/self-hosting.md', 'utf8');
  });

  it('has only commands that a shell can read, over services that there are', async () => {
    const blocks = [...guide.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = '']) => block);
    expect(blocks.length).toBeGreaterThan(8);
    await Promise.all(blocks.map((block) => run('bash', ['-n', '-c', block])));
    const used = blocks.join('').matchAll(/compose (?:exec -T|run --rm|logs) ([a-z-]+)/g);
    const names = [...used].map(([, name]) => name);
    expect(Object.keys(services)).toEqual(expect.arrayContaining(names));
  });

  it('backs up and restores every volume but that of logs, and tells how each secret is rotated', () => {
    const { name, volumes } = parse(text, { merge: true }) as { name: string; volumes: object };
    expect(name).toBe('assay');
    const kept = Object.keys(volumes).filter((volume) => volume !== 'clickhouse-logs');
    const loops = [...guide.matchAll(/for volume in ([a-z -]+); do/g)];
    expect(loops).toHaveLength(2);
    for (const [, listed = ''] of loops) {
      expect(listed.split(' ').toSorted()).toEqual(kept.toSorted());
    }
    const rotation = guide.slice(guide.indexOf('## Rotating secrets'), guide.indexOf('## Disks'));
    for (const [, secret = ''] of text.matchAll(/\$\{([A-Z_]+):\?/g)) {
      expect(rotation).toContain(`\`${secret}\``);
    }
  });
});

describe('generate-secrets.sh', () => {
  const script = resolve('deploy/compose/generate-secrets.sh');
  const inFolder = async (work: (folder: string) => Promise<void>): Promise<void> => {
    const folder = await mkdtemp(join(tmpdir(), 'assay-secrets-'));
    try {
      await work(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
  const read = async (file: string): Promise<Map<string, string>> =>
    new Map(
      (await readFile(file, 'utf8'))
        .split('\n')
        .filter((line) => /^[A-Z_]+=/.test(line))
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );

  it('writes all that the compose file requires, random and for its owner alone', async () => {
    await inFolder(async (folder) => {
      const [one, two] = [join(folder, 'one'), join(folder, 'two')];
      const { stdout } = await run(script, [one]);
      await run(script, [two]);
      const [first, second] = [await read(one), await read(two)];
      const required = new Set([...text.matchAll(/\$\{([A-Z_]+):\?/g)].map(([, name]) => name));
      expect(new Set(first.keys())).toEqual(required);
      const values = [...first.values(), ...second.values()];
      expect(new Set(values).size).toBe(values.length);
      for (const value of values) expect(value).toMatch(/^((pk|sk)-lf-)?[0-9a-f]{32,64}$/);
      expect(first.get('LANGFUSE_ENCRYPTION_KEY')).toMatch(/^[0-9a-f]{64}$/);
      expect((await stat(one)).mode & 0o777).toBe(0o600);
      for (const value of first.values()) expect(stdout).not.toContain(value);
      expect((await readdir(folder)).toSorted()).toEqual(['one', 'two']);
    });
  });

  it('adds what a file of one’s own lacks, and keeps what it says', async () => {
    await inFolder(async (folder) => {
      const file = join(folder, '.env');
      const own = [
        '# mine',
        'OPENAI_API_KEY=sk-mine',
        'export REDIS_PASSWORD = "kept"',
        'XMINIO_PASSWORD=other',
        'LANGFUSE_SALT=""',
        'ASSAY_PROJECT_DIR=/srv/p',
      ].join('\n');
      await writeFile(file, own, { mode: 0o644 });
      const { stdout } = await run(script, [file]);
      const after = await readFile(file, 'utf8');
      expect(after.startsWith(`${own}\n`)).toBe(true);
      expect(after.match(/REDIS_PASSWORD/g)).toHaveLength(1);
      const values = await read(file);
      expect(values.get('MINIO_PASSWORD')).toMatch(/^[0-9a-f]{48}$/);
      // An empty one is as good as none to Compose, and the last line of a name counts.
      expect(values.get('LANGFUSE_SALT')).toMatch(/^[0-9a-f]{64}$/);
      expect(values.get('ASSAY_PROJECT_DIR')).toBe('/srv/p');
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      expect(stdout).toContain('Added 12 secrets');
      expect(await readdir(folder)).toEqual(['.env']);
    });
  });

  it('changes nothing in a file that has them all', async () => {
    await inFolder(async (folder) => {
      const file = join(folder, '.env');
      await run(script, [file]);
      const before = await readFile(file, 'utf8');
      expect((await run(script, [file])).stdout).toContain('none was changed');
      expect(await readFile(file, 'utf8')).toBe(before);
      expect(await readdir(folder)).toEqual(['.env']);
    });
  });

  it('writes one set of secrets where two start at once', async () => {
    await inFolder(async (folder) => {
      const file = join(folder, '.env');
      await writeFile(file, 'OPENAI_API_KEY=sk-mine\n');
      await Promise.allSettled(Array.from({ length: 4 }, () => run(script, [file])));
      const names = (await readFile(file, 'utf8')).match(/^[A-Z_]+(?==)/gm) ?? [];
      expect(names.toSorted()).toEqual([...new Set(names)].toSorted());
      expect(names).toHaveLength(14);
      expect(await readdir(folder)).toEqual(['.env']);
    });
  });

  it('tells apart why a file cannot be written', async () => {
    await inFolder(async (folder) => {
      const refused = async (file: string): Promise<string> => {
        const failure: unknown = await run(script, [file]).catch((error: unknown) => error);
        expect(failure).toMatchObject({ code: 1 });
        return (failure as { stderr: string }).stderr;
      };
      expect(await refused(join(folder, 'none', '.env'))).toContain('none is not there');
      expect(await refused(folder)).toContain('is a folder');
      expect(await refused('/proc/.env')).toContain('/proc cannot be written to');
      expect(await refused('/dev/null')).toContain('not a plain file');
      await mkdir(join(folder, '.env.lock'));
      expect(await refused(join(folder, '.env'))).toContain('Another of these is at work');
      expect(await readdir(folder)).toEqual(['.env.lock']);
    });
  });

  it('says how it is used', async () => {
    expect((await run(script, ['--help'])).stdout).toContain('Examples:');
    await expect(run(script, ['--force'])).rejects.toMatchObject({ code: 2 });
  });
});
