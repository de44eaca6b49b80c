import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { median } from '../arithmetic/median.js';
import {
  repeat,
  type BenchContext,
  type Measured,
  type Measurement,
} from '../engine/measurement.js';

const shapes = [
  { name: '20,000 items x 10', items: 20_000, repetitions: 10 },
  { name: '200,000 items x 1', items: 200_000, repetitions: 1 },
] as const;
const script = fileURLToPath(new URL('compare-process.ts', import.meta.url));
const register = new URL('../../test/support/register-ts.mjs', import.meta.url).href;

interface Taken {
  readonly seconds: number;
  readonly rssMiB: number;
  readonly items: number;
}

/**
 * Reading and comparing two runs of 200,000 cells with three scores, slices, clusters, cost and latency, in a process of its
 * own; the value is that of the slower shape.
 */
export const compare200k: Measurement = {
  figures: {
    compare200k: { unit: 's', goal: { atMost: 10 } },
    compareRss: { unit: 'MiB', goal: { atMost: 500 } },
  },
  minutes: 1,
  measure: async (context) => {
    const seconds: Record<string, number> = {};
    const memory: Record<string, number> = {};
    for (const shape of shapes) {
      const taken = await repeat(context, () => once(shape, context));
      seconds[shape.name] = median(taken.map((of) => of.seconds));
      memory[shape.name] = median(taken.map((of) => of.rssMiB));
    }
    return { compare200k: most(seconds), compareRss: most(memory) };
  },
};

function most(parts: Readonly<Record<string, number>>): Measured {
  return { value: Math.max(...Object.values(parts)), parts };
}

async function once(
  { items, repetitions }: (typeof shapes)[number],
  { signal, log }: BenchContext,
): Promise<Taken> {
  const args = ['--import', register, script, String(items), String(repetitions)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { signal });
  const taken = JSON.parse(stdout) as Taken;
  log(
    `${items} items x ${repetitions}: ${taken.seconds.toFixed(1)} s, ${taken.rssMiB.toFixed(0)} MiB`,
  );
  return taken;
}
