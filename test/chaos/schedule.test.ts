import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from '@jest/globals';

import { callPlaces, publishingPlaces, stepPlaces } from './places.js';
import { pushPlaces } from './platform-places.js';
import { drawPushSchedule, drawSchedule, type Scheduled } from './schedule.js';

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

  it.each(Array.from({ length: 20 }, (_, index) => index + 1))(
    'has troubles of each platform and takes each away once with seed %i of a run on both',
    (seed) => {
      const both = { ...alone, backend: 'both' } as const;
      const awayIn = (schedule: readonly Scheduled[]): readonly string[] =>
        schedule.flatMap(({ strike }) => (strike.kind === 'away' ? [strike.platform] : [])).sort();
      for (const draw of [drawSchedule, drawPushSchedule]) {
        const schedule = draw(seed, both);
        expect(awayIn(schedule)).toEqual(['langfuse', 'langsmith']);
        expect(awayIn(draw(seed, { ...both, short: true }))).toHaveLength(1);
        expect(awayIn(draw(seed, alone))).toEqual([]);
        const kinds = schedule.map(({ strike }) => strike.kind);
        for (const kind of ['platform down', 'LangSmith down', 'LangSmith refuses'] as const)
          expect(kinds).toContain(kind);
      }
    },
  );

  it('lies in wait on a Langfuse 3 only for what is asked of one', () => {
    const names = Array.from({ length: 40 }, (_, seed) =>
      drawSchedule(seed, { ...alone, langfuse: 'legacy' }),
    )
      .flat()
      .flatMap(({ strike }) => ('place' in strike ? [strike.place.text] : []));
    expect(names).toContain('POST /api/public/dataset-run-items');
    expect(names).not.toContain('GET /api/public/v3/scores');
    expect(names).not.toContain('GET /api/public/experiments');
  });

  it.each(
    [...pushPlaces.langfuse, ...publishingPlaces, ...callPlaces, ...stepPlaces].filter(
      ({ way }) => way === 'database',
    ),
  )('lies in wait for a statement that is sent: $name', ({ text }) => {
    expect(statements.includes(text)).toBe(true);
  });
});
