import { describe, expect, it } from '@jest/globals';

import type { OutboundExport, Platform } from '../../../src/platforms/port.js';
import { askedWaitMs, type Fault } from './server.js';
import type { Suite } from './suite.js';
import {
  eventually,
  expectedScores,
  expectedSpans,
  exportOf,
  ofKind,
  prepareRun,
  recordsOf,
  sendAll,
  shownScores,
  shownSpans,
  soon,
} from './work.js';

const kinds = ['spans', 'scores'] as const;

/** What came of requests that went wrong: the publisher decides by it what it may send again. */
export function describeFaults({ server, itHere, traits }: Suite): void {
  const platform = (): Platform => server().platform;

  /** Sends what a kind has of a run while the server is struck. Scores come after the spans that they belong to. */
  const struck = async (fault: Fault, kind: 'spans' | 'scores') => {
    const run = await prepareRun(platform(), { items: 3 });
    const records = recordsOf(platform(), run);
    if (kind === 'scores') await sendAll(platform(), ofKind(records, 'spans'));
    const own = ofKind(records, kind);
    const batch = exportOf(own);
    await server().strike?.(fault, kind);
    const outcome = await platform().send(batch, soon());
    const shown = (): Promise<readonly string[]> =>
      kind === 'spans' ? shownSpans(platform(), run) : shownScores(platform(), run, own);
    const expected = kind === 'spans' ? expectedSpans(own) : expectedScores(own);
    return { outcome, batch, shown, expected };
  };
  const idsOf = (batch: OutboundExport): ReadonlySet<string> =>
    new Set(batch.records.flatMap(({ ids }) => ids));
  const onceShown = (shown: () => Promise<readonly string[]>, count: number) =>
    eventually(shown, ({ length }) => length >= count, traits.visibleWithinMs);

  describe.each(kinds)('%s', (kind) => {
    itHere(
      'whose answer was lost stand once, though what was not found is sent again',
      async () => {
        const { outcome, batch, shown, expected } = await struck('takes_and_drops', kind);
        expect(outcome).toMatchObject({ outcome: 'ambiguous' });
        const again = { ...batch, again: true };
        const found = await eventually(
          () => platform().findExport(again, soon()),
          ({ size }) => size > 0,
          traits.visibleWithinMs,
        );
        // A record is more than its rows where a request of its own says what it belongs to.
        const missing = batch.records.filter(({ ids }) => ids.some((id) => !found.has(id)));
        expect(found.size).toBeGreaterThan(0);
        if (missing.length > 0) {
          expect(await platform().send({ ...again, records: missing }, soon())).toMatchObject({
            outcome: 'accepted',
          });
        }
        expect(await platform().findExport(again, soon())).toEqual(idsOf(batch));
        expect(await shown()).toEqual(expected);
      },
    );

    itHere(
      'that never arrived are not found, and stand once when they are sent again',
      async () => {
        const { outcome, batch, shown, expected } = await struck('fails', kind);
        expect(outcome).toMatchObject({ outcome: 'ambiguous' });
        expect(await platform().findExport({ ...batch, again: true }, soon())).toEqual(new Set());
        expect(await shown()).toEqual([]);
        expect(await platform().send({ ...batch, again: true }, soon())).toEqual({
          outcome: 'accepted',
          refused: [],
        });
        expect(await onceShown(shown, expected.length)).toEqual(expected);
      },
    );

    itHere('wait as long as a 429 asks, and nothing of them was taken', async () => {
      const { outcome, batch, shown, expected } = await struck('asks_to_wait', kind);
      expect(outcome).toMatchObject({ outcome: 'later', retryAfterMs: askedWaitMs });
      expect(await shown()).toEqual([]);
      await platform().send(batch, soon());
      expect(await onceShown(shown, expected.length)).toEqual(expected);
    });

    it('leave no more where the publisher may not send any more', async () => {
      const run = await prepareRun(platform(), { items: 1 });
      const batch = exportOf(ofKind(recordsOf(platform(), run), kind));
      expect(await platform().send(batch, soon(), () => false)).toMatchObject({
        outcome: 'unreachable',
      });
      expect(await shownSpans(platform(), run)).toEqual([]);
    });

    itHere('are refused with wrong keys, and no message shows them', async () => {
      const { stranger } = server();
      const run = await prepareRun(platform(), { items: 1 });
      const batch = exportOf(ofKind(recordsOf(platform(), run), kind));
      const outcome = await stranger?.platform.send(batch, soon());
      expect(outcome).toMatchObject({ outcome: 'refused', code: 'PLATFORM_UNAUTHORIZED' });
      expect(JSON.stringify(outcome)).not.toContain(stranger?.key);
    });
  });
}
