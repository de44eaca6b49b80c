import { describe, expect, it } from '@jest/globals';

import type { Cli } from '../../../src/cli/cli.js';
import { showProgress } from '../../../src/cli/progress/show-progress.js';
import { recorded, viewOf } from './streams.js';

function cliWith(options: { json?: boolean; terminal?: boolean }) {
  const out = recorded();
  const err = recorded({ terminal: options.terminal === true, columns: 120 });
  const cli: Cli = {
    out: out.sink,
    err: err.sink,
    json: options.json === true,
    environment: {},
    cwd: '/',
    folder: '/',
    hint: (words) => `assay ${words}`,
    project: () => Promise.resolve('support'),
    withClient: () => Promise.reject(new Error('There is no client here.')),
  };
  return { cli, out, err };
}

describe('progress', () => {
  it('is a line at each change of the status where there is no terminal, not one per look', () => {
    const { cli, err, out } = cliWith({});
    const display = showProgress(cli);
    display.update(viewOf({ status: 'planning' }));
    display.update(viewOf());
    display.update(viewOf());
    display.update(viewOf({ counts: { ...viewOf().counts, ok: 46, pending: 149 } }));
    display.stop();
    expect(err.text().trimEnd().split('\n')).toHaveLength(2);
    expect(err.text()).not.toContain('\u001b');
    expect(out.text()).toBe('');
  });

  it('is drawn over itself on a terminal', () => {
    const { cli, err } = cliWith({ terminal: true });
    const display = showProgress(cli);
    display.update(viewOf());
    display.update(viewOf());
    display.stop();
    // Up by the one line of the first drawing, and everything below cleared.
    expect(err.text()).toContain('\u001b[1A\r\u001b[J');
    expect(err.text().endsWith('\n')).toBe(true);
  });

  it('is a JSON document a line with --json, on stdout', () => {
    const { cli, out, err } = cliWith({ json: true });
    const display = showProgress(cli);
    display.update(viewOf());
    display.stop();
    const lines = out.text().trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        event: 'progress',
        experiment: JSON.parse(JSON.stringify(viewOf())) as unknown,
        view: JSON.parse(JSON.stringify(viewOf())) as unknown,
      },
    ]);
    expect(err.text()).toBe('');
  });
});
