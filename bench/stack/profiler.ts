import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { WebSocket } from 'undici';

/** CPU profiles of running Node processes, in the format of Chrome's and of `node --cpu-prof`. */
export interface Profiler {
  start(): Promise<void>;
  /** Writes one `NAME-LABEL.cpuprofile` per process. */
  stop(label: string): Promise<void>;
}

// Fixed: a process that gets SIGUSR1 opens its inspector there, so one process is talked to at a time.
const inspector = 'http://127.0.0.1:9229/json';

/** Makes a profiler of processes by their name. They run as they would without it until `start`. */
export function createProfiler(
  processes: () => Readonly<Record<string, readonly number[]>>,
  folder: string,
): Profiler {
  const each = async (expression: (file: string) => string, label: string): Promise<void> => {
    await mkdir(folder, { recursive: true });
    for (const [name, pids] of Object.entries(processes())) {
      for (const pid of pids) {
        await evaluate(pid, expression(join(folder, `${name}-${pid}-${label}.cpuprofile`)));
      }
    }
  };
  return {
    start: () => each(() => startExpression, ''),
    stop: (label) => each(stopExpression, label),
  };
}

const closing = `setTimeout(() => process.getBuiltinModule('inspector').close(), 50)`;

const startExpression = `(() => {
  const { Session } = process.getBuiltinModule('inspector');
  const session = globalThis.benchSession = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.setSamplingInterval', { interval: 500 });
  session.post('Profiler.start');
  ${closing};
})()`;

const stopExpression = (file: string): string => `new Promise((resolve) => {
  globalThis.benchSession.post('Profiler.stop', (error, { profile }) => {
    process.getBuiltinModule('fs').writeFileSync(${JSON.stringify(file)}, JSON.stringify(profile));
    globalThis.benchSession.disconnect();
    ${closing};
    resolve();
  });
})`;

async function evaluate(pid: number, expression: string): Promise<void> {
  process.kill(pid, 'SIGUSR1');
  const socket = new WebSocket(await debuggerUrl());
  try {
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener('open', () => {
        const params = { expression, awaitPromise: true };
        socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params }));
      });
      socket.addEventListener('message', () => resolve());
      socket.addEventListener('error', () => reject(new Error(`no inspector in process ${pid}`)));
    });
  } finally {
    socket.close();
  }
  // Its inspector closes in a moment; the next process needs the port.
  await wait(150);
}

async function debuggerUrl(): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const [target] = (await (await fetch(inspector)).json()) as readonly [
        { readonly webSocketDebuggerUrl: string },
      ];
      return target.webSocketDebuggerUrl;
    } catch (error) {
      if (attempt === 50) throw error;
      await wait(50);
    }
  }
}
