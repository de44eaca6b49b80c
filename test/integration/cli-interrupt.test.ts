import { describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const source = new URL('../../src/cli/interrupt.ts', import.meta.url).href;
const loader = new URL('../support/register-ts.mjs', import.meta.url).href;

/** A process that says what it hears and never ends by itself. */
async function listening() {
  const code = `
    const { listenForInterrupt } = await import(${JSON.stringify(source)});
    const interrupt = listenForInterrupt();
    interrupt.signal.addEventListener('abort', () => console.log('left ' + interrupt.exitCode));
    setInterval(() => undefined, 1_000);
    console.log('ready');`;
  const child = spawn(process.execPath, ['--import', loader, '--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const hears = async (word: string): Promise<void> => {
    while (!text.includes(word)) await once(child.stdout, 'data');
  };
  await hears('ready');
  return { child, hears, closed: once(child, 'close') };
}

describe('Ctrl-C', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    'as %s lets a command end by itself, and a second one ends it at once',
    async (signal, code) => {
      const { child, hears, closed } = await listening();
      child.kill(signal);
      await hears(`left ${code}`);
      expect(child.exitCode).toBeNull();
      child.kill(signal);
      expect(await closed).toEqual([code, null]);
    },
  );
});
