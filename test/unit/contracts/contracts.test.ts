import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { configSchema, defineConfig, type ConfigInput } from '../../../src/contracts/config.js';
import {
  environmentNames,
  parseConnections,
  requirePlatforms,
} from '../../../src/contracts/environment.js';
import { experimentSpecSchema } from '../../../src/contracts/experiment-spec.js';
import {
  experimentNameSchema,
  itemIdSchema,
  projectIdSchema,
  resourceNameSchema,
} from '../../../src/contracts/names.js';

describe('names', () => {
  it('of experiments may be any printable text', () => {
    for (const name of [
      'nightly',
      'naïve – v2 (β)',
      '夜間',
      '🚀 run',
      'a'.repeat(200),
      '...',
      'a.b',
    ]) {
      expect(experimentNameSchema.safeParse(name).success).toBe(true);
    }
  });

  it.each([
    ['empty', ''],
    ['too long', 'a'.repeat(201)],
    ['a parent folder', '..'],
    ['a path', 'a/b'],
    ['a Windows path', 'a\\b'],
    ['a line end', 'a\nb'],
    ['an escape sequence', '\u001b[31mred'],
    ['NUL', 'a\u0000'],
    ['text that turns around', 'abc\u202edef'],
    ['half a surrogate pair', 'a\ud83d'],
    ['markup', '<b>'],
    ['an attribute end', 'a"onload='],
    ['white space at the end', 'a '],
  ])('of experiments are refused for %s', (_what, name) => {
    expect(experimentNameSchema.safeParse(name).success).toBe(false);
  });

  it('of items may hold what a path could not, but nothing unprintable', () => {
    expect(itemIdSchema.safeParse('docs/a<b>&c').success).toBe(true);
    for (const id of ['', ' a', 'a\u0007', '\ud800', 'x'.repeat(201)])
      expect(itemIdSchema.safeParse(id).success).toBe(false);
  });

  it('of targets and evaluators are folder names that lead nowhere else', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(resourceNameSchema.safeParse(text).success);
        expect(text).toMatch(/^[A-Za-z0-9]/);
        expect(text).not.toMatch(/[/\\\s]|\.\./);
        expect(new URL(`http://host/a/${text}`).pathname).toBe(`/a/${text}`);
      }),
    );
    for (const name of [
      '..',
      '.hidden',
      'a..b',
      'a/b',
      '',
      '-v',
      'constructor',
      'toString',
      'valueOf',
    ])
      expect(resourceNameSchema.safeParse(name).success).toBe(false);
    for (const name of ['a', 'triage-v2', 'A.b_c-1', '0'])
      expect(resourceNameSchema.safeParse(name).success).toBe(true);
  });

  it('of projects fit into ids, queue names and host names', () => {
    for (const name of ['a', 'support-triage', 'a1', 'a'.repeat(63)])
      expect(projectIdSchema.safeParse(name).success).toBe(true);
    for (const name of ['', 'A', '-a', 'a-', 'a_b', 'a/b', 'a'.repeat(64), 'a\n'])
      expect(projectIdSchema.safeParse(name).success).toBe(false);
  });
});

describe('a specification', () => {
  const spec = { project: 'shop', name: 'run', dataset: { name: 'tickets' }, target: 'triage' };

  it('has its documented defaults', () => {
    expect(experimentSpecSchema.parse(spec)).toEqual({
      ...spec,
      repetitions: 1,
      concurrency: 16,
      priority: 'bulk',
      reuse: false,
      seed: 1,
      verify: 'full',
      // What is absent here is for the target to say.
      retry: {},
      timeouts: { evaluatorMs: 120_000, verifyMs: 120_000 },
    });
  });

  it('is the same after a second parse: what was stored is read as it was meant', () => {
    const once = experimentSpecSchema.parse({ ...spec, retry: { maxAttempts: 2 } });
    expect(experimentSpecSchema.parse(JSON.parse(JSON.stringify(once)))).toEqual(once);
  });

  it('is refused with all problems at once, misspelt options among them', () => {
    const parsed = experimentSpecSchema.safeParse({
      ...spec,
      target: 'no/target',
      concurrency: 0,
      repetitions: 1.5,
      evaluators: [],
      concurency: 4,
      timeouts: { target: 1 },
      dataset: { name: 'tickets', version: 'yesterday' },
    });
    const at = parsed.error?.issues.map((issue) => issue.path.join('.'));
    expect(at?.sort()).toEqual([
      '',
      'concurrency',
      'dataset.version',
      'evaluators',
      'repetitions',
      'target',
      'timeouts',
    ]);
  });
});

describe('a config', () => {
  const config: ConfigInput = {
    project: 'shop',
    targets: { api: { kind: 'http', url: 'https://api.example/x' } },
    evaluators: { same: { kind: 'exact_match' } },
  };

  it('has its documented defaults', () => {
    expect(configSchema.parse(defineConfig(config))).toEqual({
      project: 'shop',
      trace: 'platform',
      models: {},
      targets: {
        api: {
          kind: 'http',
          url: 'https://api.example/x',
          method: 'POST',
          headers: {},
          timeoutMs: 60_000,
          maxBytes: 4 * 1024 * 1024,
        },
      },
      evaluators: {
        same: { kind: 'exact_match', ignoreCase: false, trim: true, not: false, required: true },
      },
      datasetsFolder: 'datasets',
      network: { allow: [] },
      gate: {},
      platform: { backend: 'langfuse', visibilityDeadlineMs: 15_000 },
    });
  });

  it('takes keys as env:NAME only, and no message repeats one that was written out', () => {
    const parsed = configSchema.safeParse({
      ...config,
      models: { small: { model: 'm', apiKey: 'sk-live-1234567890' } },
    });
    expect(parsed.error?.issues).toEqual([
      expect.objectContaining({
        path: ['models', 'small', 'apiKey'],
        message: 'a secret is given as env:NAME',
      }),
    ]);
    expect(JSON.stringify(parsed.error?.issues.map(({ message }) => message))).not.toContain(
      '1234',
    );
  });

  it('is refused with all problems at once, each with its path', () => {
    const parsed = configSchema.safeParse({
      project: 'Shop',
      targest: {},
      models: { 'a/b': { model: 'm' }, ok: { model: '', price: { input: -1, output: 1 } } },
      targets: {
        api: { kind: 'http', url: 'ftp://user:secret@host', output: 'category' },
        code: { kind: 'function', run: 'not a function' },
        odd: { kind: 'grpc' },
      },
      evaluators: {
        r: { kind: 'regex', pattern: '', flags: 'gz' },
        t: { kind: 'exact_match', pth: '/a' },
      },
    });
    const at = parsed.error?.issues.map((issue) => issue.path.join('.'));
    expect(at?.sort()).toEqual(
      [
        '',
        'evaluators.r.flags',
        'evaluators.r.pattern',
        'evaluators.t',
        'models.a/b',
        'models.ok.model',
        'models.ok.price.input',
        'project',
        'targets.api.output',
        'targets.api.url',
        'targets.code.run',
        'targets.odd.kind',
      ].sort(),
    );
    expect(JSON.stringify(parsed.error?.issues)).not.toContain('secret');
  });
});

describe('the environment', () => {
  const full = {
    TEMPORAL_ADDRESS: '127.0.0.1:7233',
    DATABASE_URL: 'postgres://user:database-secret@host:5432/db',
    LANGFUSE_HOST: 'https://langfuse.example/',
    LANGFUSE_PUBLIC_KEY: 'pk-lf-1',
    LANGFUSE_SECRET_KEY: 'sk-lf-secret',
  };

  it('gives the connections, with the default namespace and no slash at the end', () => {
    expect(parseConnections(full)).toEqual({
      temporal: { address: '127.0.0.1:7233', namespace: 'default' },
      databaseUrl: full.DATABASE_URL,
      langfuse: {
        baseUrl: 'https://langfuse.example',
        publicKey: 'pk-lf-1',
        secretKey: 'sk-lf-secret',
        release: undefined,
      },
    });
    expect(
      parseConnections({ ...full, LANGFUSE_WEB_URL: 'https://public.example/lf/' }).langfuse
        ?.webUrl,
    ).toBe('https://public.example/lf');
    expect(
      parseConnections({
        ...full,
        LANGFUSE_BASE_URL: 'http://base/',
        TEMPORAL_ADDRESS: '[::1]:7233',
      }),
    ).toMatchObject({ temporal: { address: '[::1]:7233' }, langfuse: { baseUrl: 'http://base' } });
  });

  const empty = Object.fromEntries(environmentNames.map((name) => [name, '']));

  it('name the likeliest cause alone where nothing at all is set: no stack runs here', () => {
    for (const environment of [{}, empty, { TEMPORAL_NAMESPACE: 'n', LANGFUSE_RELEASE: 'r' }]) {
      expect(() => parseConnections(environment)).toThrow(
        expect.objectContaining({
          code: 'ENVIRONMENT_INVALID',
          message: expect.stringContaining('`assay dev` is not running here'),
          mend: expect.stringContaining('DATABASE_URL'),
          problems: [],
        }),
      );
    }
  });

  it('lists everything that is missing at once where one is set; empty is missing', () => {
    const given = { TEMPORAL_ADDRESS: full.TEMPORAL_ADDRESS };
    for (const environment of [given, { ...empty, ...given }]) {
      expect(() => parseConnections(environment)).toThrow(
        expect.objectContaining({
          code: 'ENVIRONMENT_INVALID',
          problems: [
            'DATABASE_URL',
            'LANGFUSE_HOST',
            'LANGFUSE_PUBLIC_KEY',
            'LANGFUSE_SECRET_KEY',
          ].map((at) =>
            expect.objectContaining({
              at,
              message: 'is not set',
              mend: expect.stringContaining(at),
            }),
          ),
        }),
      );
    }
  });

  it('needs no Langfuse where there is a key for LangSmith, and each beside the other', () => {
    const { TEMPORAL_ADDRESS, DATABASE_URL } = full;
    const only = { TEMPORAL_ADDRESS, DATABASE_URL, LANGSMITH_API_KEY: 'lsv2_pt_secret' };
    const langsmith = {
      endpoint: 'https://api.smith.langchain.com',
      apiKey: 'lsv2_pt_secret',
      project: undefined,
      workspaceId: undefined,
    };
    expect(parseConnections(only).langfuse).toBeUndefined();
    expect(parseConnections(only).langsmith).toEqual(langsmith);
    expect(parseConnections({ ...only, ...full })).toMatchObject({
      langfuse: { publicKey: 'pk-lf-1' },
      langsmith,
    });
    expect(
      parseConnections({
        ...only,
        LANGSMITH_ENDPOINT: 'https://eu.example/',
        LANGSMITH_PROJECT: 'assay',
        LANGSMITH_WORKSPACE_ID: 'w',
      }).langsmith,
    ).toEqual({ ...langsmith, endpoint: 'https://eu.example', project: 'assay', workspaceId: 'w' });
  });

  it('takes half a Langfuse for a mistake, whatever else is there; LangSmith without a key for none', () => {
    const { LANGFUSE_SECRET_KEY: _gone, ...half } = full;
    expect(() => parseConnections({ ...half, LANGSMITH_API_KEY: 'lsv2_pt_secret' })).toThrow(
      expect.objectContaining({
        problems: [expect.objectContaining({ at: 'LANGFUSE_SECRET_KEY' })],
      }),
    );
    expect(parseConnections({ ...full, LANGSMITH_PROJECT: 'other' }).langsmith).toBeUndefined();
  });

  it('names all platforms of a config that have no keys, and shows none of those that there are', () => {
    const { langfuse } = parseConnections(full);
    expect(() => {
      requirePlatforms({}, ['langfuse', 'langsmith']);
    }).toThrow(
      expect.objectContaining({
        code: 'ENVIRONMENT_INVALID',
        problems: [
          'LANGFUSE_HOST',
          'LANGFUSE_PUBLIC_KEY',
          'LANGFUSE_SECRET_KEY',
          'LANGSMITH_API_KEY',
        ].map((at) => expect.objectContaining({ at })),
      }),
    );
    const some = langfuse === undefined ? {} : { langfuse };
    let error: unknown;
    try {
      requirePlatforms(some, ['langfuse', 'langsmith']);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ problems: [{ at: 'LANGSMITH_API_KEY' }] });
    expect(JSON.stringify(error)).not.toContain('sk-lf-secret');
    expect(() => {
      requirePlatforms(some, ['langfuse']);
    }).not.toThrow();
  });

  it('names each wrong variable once and never shows a value', () => {
    const wrong = {
      ...full,
      TEMPORAL_ADDRESS: 'http://temporal-secret:7233',
      DATABASE_URL: 'mysql://user:database-secret@host/db',
      LANGFUSE_HOST: 'host-secret',
      LANGFUSE_SECRET_KEY: '',
    };
    let error: unknown;
    try {
      parseConnections(wrong);
    } catch (thrown) {
      error = thrown;
    }
    expect((error as { problems: { at: string }[] }).problems.map(({ at }) => at)).toEqual([
      'TEMPORAL_ADDRESS',
      'DATABASE_URL',
      'LANGFUSE_HOST',
      'LANGFUSE_SECRET_KEY',
    ]);
    expect(JSON.stringify(error)).not.toMatch(
      /secret@|temporal-secret|host-secret|database-secret/,
    );
  });
});
