import { appendFileSync } from 'node:fs';
import { join } from 'node:path';

/** What happened and when, for people at the terminal and for whoever looks for a failure's cause. */
export interface Diary {
  note(text: string): void;
  /** What stands beside each line from now on: how far the run is. */
  progress(text: string): void;
  /** A line of a worker's log. */
  worker(line: string): void;
}

/** Lines go to stderr and to `chaos.log` of the run's folder; the workers' go to `workers.log`. */
export const openDiary = (folder: string, seed: number): Diary => {
  const started = performance.now();
  const seconds = (): string => ((performance.now() - started) / 1_000).toFixed(1).padStart(6);
  let far = '';
  return {
    progress: (text) => {
      far = text;
    },
    note: (text) => {
      const line = `[seed ${seed}] ${seconds()} s ${far.padStart(9)}  ${text}\n`;
      process.stderr.write(line);
      appendFileSync(join(folder, 'chaos.log'), `${new Date().toISOString()} ${line}`);
    },
    worker: (line) => appendFileSync(join(folder, 'workers.log'), `${line}\n`),
  };
};
