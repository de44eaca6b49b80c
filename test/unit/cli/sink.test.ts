import { describe, expect, it } from '@jest/globals';
import { PassThrough } from 'node:stream';

import { createSink } from '../../../src/cli/io/sink.js';
import { hostile } from '../core/text/escape/hostile.js';
import { recorded } from './streams.js';

describe('colours', () => {
  const red = (options: Parameters<typeof recorded>[0]): string =>
    recorded(options).sink.colours.red('x');

  it('are for terminals only', () => {
    expect(red({ terminal: true })).toContain('\u001b[');
    expect(red({ terminal: false })).toBe('x');
  });

  it('are off with --no-color, with NO_COLOR and on a dumb terminal', () => {
    expect(red({ terminal: true, colour: false })).toBe('x');
    expect(red({ terminal: true, environment: { NO_COLOR: '1' } })).toBe('x');
    expect(red({ terminal: true, environment: { TERM: 'dumb' } })).toBe('x');
  });

  it('stay with an empty NO_COLOR, as no-color.org says', () => {
    expect(red({ terminal: true, environment: { NO_COLOR: '' } })).toContain('\u001b[');
  });
});

describe('untrusted text', () => {
  it('is one line without escape sequences', () => {
    const { sink } = recorded({ terminal: true });
    for (const text of Object.values(hostile)) {
      // eslint-disable-next-line no-control-regex
      expect(sink.safe(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    }
  });

  it('holds no command for the runner of a CI job where it is no terminal', () => {
    const { sink } = recorded();
    expect(sink.safeText(hostile.githubCommand)).not.toMatch(/^\s*::/m);
    expect(sink.safe(hostile.azureCommand)).not.toContain('##vso[');
  });
});

describe('writing', () => {
  it('waits for a slow reader instead of filling the memory', async () => {
    const stream = new PassThrough({ highWaterMark: 16 });
    const sink = createSink(stream, { colour: false, environment: {} });
    let done = false;
    const written = sink.write('x'.repeat(64)).then((open) => {
      done = true;
      return open;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(done).toBe(false);
    stream.resume();
    expect(await written).toBe(true);
  });

  it('ends quietly when the reader has gone', async () => {
    const stream = new PassThrough({ highWaterMark: 16 });
    const sink = createSink(stream, { colour: false, environment: {} });
    const written = sink.write('x'.repeat(64));
    stream.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    expect(await written).toBe(false);
    expect(await sink.write('more')).toBe(false);
  });
});
