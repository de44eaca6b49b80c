import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from '@jest/globals';

import { callPlaces, publishingPlaces, stepPlaces } from './places.js';
import { drawSchedule } from './schedule.js';

const store = fileURLToPath(new URL('../../src/store/', import.meta.url));

const statements = readdirSync(store, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => readFileSync(join(store, path), 'utf8'))
  .join('\n');

const alone = { short: false, backend: 'langfuse', langfuse: 'events_only' } as const;

describe('the schedule of the chaos suite', () => {
  it('is the same for the same seed and another for another', () => {
    expect(drawSchedule(5, alone)).toEqual(drawSchedule(5, alone));
    expect(drawSchedule(5, alone)).not.toEqual(drawSchedule(6, alone));
  });

  it.each(Array.from({ length: 20 }, (_, index) => index + 1))(
    'has every kind of strike with seed %i, all of them while the run is under way',
    (seed) => {
      const schedule = drawSchedule(seed, alone);
      const count = (kind: string): number =>
        schedule.filter(({ strike }) => strike.kind === kind).length;
      expect(count('kill worker') + count('kill at')).toBeGreaterThanOrEqual(5);
      expect(count('freeze worker') + count('freeze at')).toBe(3);
      expect(count('deploy')).toBe(2);
      for (const kind of ['stop Temporal', 'kill Postgres', 'platform down'])
        expect([kind, count(kind)]).toEqual([kind, 1]);
      for (const kind of ['platform 429s', 'model 429s'])
        expect([kind, count(kind)]).toEqual([kind, 2]);
      expect(schedule.every(({ at }) => at >= 0 && at < 0.95)).toBe(true);
    },
  );

  it.each(
    [...publishingPlaces, ...callPlaces, ...stepPlaces].filter(({ way }) => way === 'database'),
  )('lies in wait for a statement that is sent: $name', ({ text }) => {
    expect(statements.includes(text)).toBe(true);
  });
});
