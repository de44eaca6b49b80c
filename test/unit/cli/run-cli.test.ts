import { describe, expect, it } from '@jest/globals';
import type { Command } from 'commander';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';

import { createCli } from '../../../src/cli/cli.js';
import { createProgram } from '../../../src/cli/program.js';
import { runCli } from '../../../src/cli/run-cli.js';
import { recorded } from './streams.js';

async function run(...args: string[]) {
  const out = recorded();
  const err = recorded();
  const from = { stdout: out.stream, stderr: err.stream, environment: {}, cwd: tmpdir() };
  return { code: await runCli(from, args), out: out.text(), err: err.text() };
}

const running = ['experiment', 'run', '--dataset', 'd', '--target', 't'];

describe('a command line', () => {
  it.each([
    [['bogus'], "Unknown command 'bogus'"],
    [['--bogus'], "Unknown option '--bogus'"],
    [['experiment', 'rnu'], 'Did you mean run?'],
    [['experiment', 'run', '--target', 't'], "'--dataset <name>' not specified"],
    [['experiment', 'status'], "Missing required argument 'name'"],
    [['experiment', 'status', 'a', 'b'], 'Too many arguments'],
    [['experiment', 'results', 'a', '--status', 'ko'], '"ko" is none of ok'],
    [['experiment', 'results', 'a', '--format', 'xml'], 'Allowed choices are'],
    [['experiment', 'list', '--limit', '0'], 'at least 1'],
    [['experiment', 'pause'], "Missing required argument 'name'"],
    [['experiment', 'pause', 'a', '--reason', ' '], '1 to 200 characters'],
    [['experiment', 'concurrency', 'a'], "Missing required argument 'cells'"],
    [['experiment', 'concurrency', 'a', '-3'], 'whole number'],
    [['experiment', 'concurrency', 'a', 'many'], 'whole number'],
    [['experiment', 'budget', 'a'], "'--usd <dollars>' not specified"],
    [['experiment', 'budget', 'a', '--usd', '0'], 'amount of dollars'],
    [['experiment', 'report', 'a', '--partial', '--out', 'b'], 'when it has ended'],
    [[...running, '--detach', '--out', 'b'], 'a run that is left writes no files'],
    [[...running, '--detach', '--fail-on-errors'], 'a run that is left has no outcome'],
    [[...running, '--max-failures', '100%'], '100% never ends a run early'],
    [[...running, '--max-failures', '1.5'], 'a share such as 5%'],
    [[...running, '--backend', 'langsmyth'], 'Allowed choices are langfuse, langsmith, both'],
    [['trace', 'show', 'a', '--backend', 'both'], 'Allowed choices are langfuse, langsmith'],
    [[...running, '--priority', 'high'], 'Allowed choices are interactive'],
    [[...running, '--budget', '-1'], 'amount of dollars'],
    [['experiment'], 'A command is missing'],
    [['dev', '--postgres-port', '99999'], '1 to 65535'],
    [['dev', '-C', 'assay-no-such-folder'], 'There is no folder'],
    [['prompts', 'promote', 'a', '--gate-max-age', '5'], '--require-gate, which is not given'],
    [['prompts', 'promote', 'a', '--version', '1', '--from-label', 'b'], 'Both --from-label and'],
    [['prompts', 'push', '--dir', 'no-such-dir'], 'There is no folder'],
    [['prompts', 'diff', '--dir', 'no-such-dir'], 'There is no folder'],
    [['prune'], "'--older-than <time>' not specified"],
    [['prune', '--older-than', '30'], '12h or 30d'],
    [['prune', '--older-than', '1s'], 'gone for good'],
    [['worker', '--roles', 'cells,all'], '"all" is none of orchestration'],
  ])('%j that is not understood exits with 2 and says why', async (args, why) => {
    const { code, out, err } = await run(...args);
    expect(code).toBe(2);
    expect(err).toContain('(USAGE)');
    expect(err).toContain(why);
    expect(out).toBe('');
  });

  it('that is not understood is a document with --json, wherever that stands', async () => {
    for (const args of [
      ['--json', 'bogus'],
      ['experiment', 'run', '--json', '--bogus'],
    ]) {
      const { code, out } = await run(...args);
      expect(code).toBe(2);
      expect(JSON.parse(out)).toMatchObject({ error: { code: 'USAGE' } });
    }
  });

  it('prints the version of the package', async () => {
    const { version } = JSON.parse(
      readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
    ) as { version: string };
    expect(await run('--version')).toEqual({ code: 0, out: `${version}\n`, err: '' });
  });

  it('takes the global options before and after the command', async () => {
    for (const args of [
      ['--project', 'Bad', 'experiment', 'list'],
      ['experiment', 'list', '--project', 'Bad'],
    ]) {
      expect((await run(...args)).err).toContain('--project is no project id');
    }
  });
});

describe('a command that people are told to copy', () => {
  const hint = (environment: Record<string, string>, options = {}): string => {
    const { stream } = recorded();
    const from = { stdout: stream, stderr: stream, environment, cwd: '/w' };
    return createCli(from, { color: true, ...options }).hint('experiment list');
  };

  it('is for the same folder and project', () => {
    expect(hint({})).toBe('assay experiment list');
    expect(hint({}, { projectDir: 'my project', project: 'p' })).toBe(
      "assay -C 'my project' --project p experiment list",
    );
  });

  it('goes through npm in a clone, where there is no `assay`', () => {
    for (const script of ['assay', 'demo', 'dev']) {
      expect(hint({ npm_lifecycle_event: script, npm_package_name: 'assay' })).toBe(
        'npm run assay -- experiment list',
      );
    }
    expect(hint({ npm_lifecycle_event: 'test', npm_package_name: 'other' })).toBe(
      'assay experiment list',
    );
  });

  it('goes through npx where that started it', () => {
    const environment = {
      npm_command: 'exec',
      npm_lifecycle_event: 'npx',
      npm_package_name: 'own',
    };
    expect(hint(environment)).toBe('npx assay experiment list');
  });

  it.each([
    [{}, '`assay -C "/no such" config check`'],
    [{ npm_command: 'exec' }, '`npx assay -C "/no such" config check`'],
    [
      { npm_lifecycle_event: 'assay', npm_package_name: 'assay' },
      '`npm run assay -- -C "/no such" config check`',
    ],
  ])('is what the mend of an error says, too (%#)', async (environment, command) => {
    const [out, err] = [recorded(), recorded()];
    const from = { stdout: out.stream, stderr: err.stream, environment, cwd: tmpdir() };
    expect(await runCli(from, ['-C', '/no such', 'experiment', 'list'])).toBe(2);
    expect(err.text()).toContain(command.replaceAll('"', "'"));
  });
});

const out = recorded();
const program = createProgram(
  { stdout: out.stream, stderr: out.stream, environment: {}, cwd: tmpdir() },
  { exitCode: 0 },
);
const withPaths = (command: Command, path: readonly string[]): [string, readonly string[]][] =>
  command.commands.flatMap((each) => {
    const own = [...path, each.name()];
    return [[own.join(' '), own] as [string, readonly string[]], ...withPaths(each, own)];
  });

describe('help', () => {
  it.each([['', []] as [string, readonly string[]], ...withPaths(program, [])])(
    'of `assay %s` has examples and exits with 0',
    async (_title, path) => {
      const { code, out: text, err } = await run(...path, '--help');
      expect(code).toBe(0);
      expect(err).toBe('');
      expect(text).toMatch(/^Examples?:\n {2}\$ /m);
    },
  );
});
