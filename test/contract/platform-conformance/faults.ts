import { describe, expect, it } from '@jest/globals';

import type { OutboundExport, Platform } from '../../../src/platforms/port.js';
import { askedWaitMs, runScoresAtOnce, type Fault, type Sending } from './server.js';
import type { Suite } from './suite.js';
import {
  deliver,
  expectedScores,
  expectedSpans,
  exportOf,
  ofKind,
  outgoing,
  prepareRun,
  recordsOf,
  runScoresOf,
  scoresWhere,
  settled,
  shownScores,
  shownSpans,
  soon,
} from './work.js';

const kinds: readonly Sending[] = ['spans', 'scores', 'run scores'];

/** What came of requests that went wrong: the publisher decides by it what it may send again. */
export function describeFaults({ server, itHere, traits }: Suite): void {
  const platform = (): Platform => server().platform;

  /** What a kind has of a run, ready to be sent: scores come after the spans that they belong to. */
  const made = async (kind: Sending, items: number) => {
    const run = await prepareRun(platform(), { items });
    const records = recordsOf(platform(), run);
    if (kind !== 'spans') await deliver(platform(), ofKind(records, 'spans'));
    if (kind === 'run scores') {
      const own = runScoresOf(platform(), run, ['tone', 'verdict'].slice(0, runScoresAtOnce));
      const expected = own.flatMap(({ ids }) => ids).sort();
      const which = { runIds: own.map(({ runId }) => runId), scoreIds: expected };
      const shown = () => scoresWhere(platform(), run, which);
      return { batch: exportOf(outgoing(own)), shown, expected };
    }
    const own = ofKind(records, kind);
    const shown = () =>
      kind === 'spans' ? shownSpans(platform(), run) : shownScores(platform(), run, own);
    return {
      batch: exportOf(own),
      shown,
      expected: kind === 'spans' ? expectedSpans(own) : expectedScores(own),
    };
  };
  /** The same, sent while the server is struck. */
  const struck = async (fault: Fault, kind: Sending) => {
    const work = await made(kind, 3);
    await server().strike?.(fault, kind);
    const outcome = await platform().send(work.batch, soon());
    await server().calm?.();
    return { ...work, outcome };
  };
  const idsOf = (batch: OutboundExport): readonly string[] =>
    batch.records.flatMap(({ ids }) => ids).sort();
  const found = async (batch: OutboundExport): Promise<readonly string[]> =>
    [...(await platform().findExport({ ...batch, again: true }, soon()))].sort();
  const accepted = { outcome: 'accepted', refused: [] };

  describe.each(kinds)('%s', (kind) => {
    itHere(
      'whose answer was lost stand once, though what was not found is sent again',
      async () => {
        const { outcome, batch, shown, expected } = await struck('takes_and_drops', kind);
        expect(outcome).toMatchObject({ outcome: 'ambiguous' });
        const there = new Set(await settled(() => found(batch), 1, traits));
        // A record is more than its rows where a request of its own says what it belongs to.
        const missing = batch.records.filter(({ ids }) => ids.some((id) => !there.has(id)));
        expect(there.size).toBeGreaterThan(0);
        if (missing.length > 0) {
          const again = { ...batch, again: true, records: missing };
          expect(await platform().send(again, soon())).toEqual(accepted);
        }
        expect(await settled(() => found(batch), idsOf(batch).length, traits)).toEqual(
          idsOf(batch),
        );
        expect(await shown()).toEqual(expected);
      },
    );

    itHere(
      'that never arrived are not found, and stand once when they are sent again',
      async () => {
        const { outcome, batch, shown, expected } = await struck('fails', kind);
        expect(outcome).toMatchObject({ outcome: 'ambiguous' });
        expect(await settled(() => found(batch), 0, traits)).toEqual([]);
        expect(await shown()).toEqual([]);
        expect(await platform().send({ ...batch, again: true }, soon())).toEqual(accepted);
        expect(await settled(shown, expected.length, traits)).toEqual(expected);
      },
    );

    itHere('wait as long as a 429 asks, and nothing of them was taken', async () => {
      const { outcome, batch, shown, expected } = await struck('asks_to_wait', kind);
      expect(outcome).toMatchObject({ outcome: 'later', retryAfterMs: askedWaitMs });
      expect(await settled(shown, 0, traits)).toEqual([]);
      expect(await platform().send(batch, soon())).toEqual(accepted);
      expect(await settled(shown, expected.length, traits)).toEqual(expected);
    });

    it('leave no more where the publisher may not send any more', async () => {
      const { batch, shown } = await made(kind, 1);
      expect(await platform().send(batch, soon(), () => false)).toMatchObject({
        outcome: 'unreachable',
      });
      expect(await settled(shown, 0, traits)).toEqual([]);
    });

    itHere('are refused with wrong keys, and no message shows them', async () => {
      const { stranger } = server();
      const { batch } = await made(kind, 1);
      const outcome = await stranger?.platform.send(batch, soon());
      expect(outcome).toMatchObject({ outcome: 'refused', code: 'PLATFORM_UNAUTHORIZED' });
      expect(JSON.stringify(outcome)).not.toContain(stranger?.key);
    });
  });
}
