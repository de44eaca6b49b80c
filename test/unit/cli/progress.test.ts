import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import picocolors from 'picocolors';

import {
  progressBlock,
  progressLine,
  waitingFor,
  type ProgressFacts,
} from '../../../src/cli/progress/progress-text.js';
import { SlidingRate } from '../../../src/cli/progress/sliding-rate.js';
import type { PublicationCounts } from '../../../src/contracts/records.js';
import { viewOf } from './streams.js';

describe('the rate', () => {
  it('is of the window, not of the whole run', () => {
    const rate = new SlidingRate(10_000);
    // A hundred a second for a minute, then ten a second.
    for (let second = 0; second <= 60; second += 1) rate.add(second * 1_000, second * 100);
    for (let second = 1; second <= 20; second += 1) {
      rate.add(60_000 + second * 1_000, 6_000 + second * 10);
    }
    expect(rate.perSecond).toBeCloseTo(10, 5);
  });

  it('is unknown until there is a second to judge by', () => {
    const rate = new SlidingRate();
    expect(rate.perSecond).toBeUndefined();
    rate.add(0, 0);
    rate.add(900, 50);
    expect(rate.perSecond).toBeUndefined();
    rate.add(1_000, 50);
    expect(rate.perSecond).toBe(50);
  });

  it('says when the count last grew', () => {
    const rate = new SlidingRate();
    rate.add(0, 1);
    rate.add(1_000, 2);
    rate.add(2_000, 2);
    expect(rate.lastGrowthAt).toBe(1_000);
  });

  it('keeps no more samples than the window needs', () => {
    const rate = new SlidingRate(5_000);
    for (let at = 0; at < 10_000; at += 1) rate.add(at * 1_000, at);
    expect(rate.perSecond).toBeCloseTo(1, 5);
    expect(JSON.stringify(Object.values(rate)).length).toBeLessThan(500);
  });
});

const facts = (change: Partial<ProgressFacts> = {}): ProgressFacts => ({
  view: viewOf(),
  perSecond: 12.34,
  stillMs: 100,
  silentMs: 100,
  ...change,
});

const publication: PublicationCounts = {
  platform: 'langfuse',
  expectedTraces: 200,
  sentTraces: 120,
  verifiedTraces: 40,
  expectedScores: 800,
  sentScores: 300,
  verifiedScores: 10,
  expectedRunScores: 4,
  verifiedRunScores: 4,
  duplicateSpans: 0,
  ambiguousResends: 0,
  takeovers: 0,
  refused: 0,
};

describe('a line of progress', () => {
  it('tells done of planned, the rate, the time left and the errors', () => {
    expect(progressLine(facts())).toBe(
      'running: 50 of 200 cells (25.0 %), 12.3 cells/s, about 12 s left, 5 errors',
    );
  });

  it('says nothing of a rate while nothing moves', () => {
    expect(progressLine(facts({ perSecond: 0 }))).toBe(
      'running: 50 of 200 cells (25.0 %), 5 errors',
    );
    expect(progressLine(facts({ perSecond: undefined }))).not.toContain('cells/s');
  });

  it('tells no share of a plan that is still being written', () => {
    const counts = { ...viewOf().counts, planned: 200, pending: 200, ok: 0 };
    const line = progressLine(facts({ view: viewOf({ status: 'planning', counts }) }));
    expect(line).toContain('200 cells so far');
    expect(line).not.toContain('%');
  });

  it('tells in the words of the run what it waits for, and obeys nothing in them', () => {
    const waits = (status: 'running' | 'paused' | 'publishing', words: string) =>
      waitingFor(facts({ view: viewOf({ status, waitingFor: words }), stillMs: 60_000 }));
    expect(waits('paused', 'paused by a person: lunch')).toBe('paused by a person: lunch');
    expect(waits('running', 'small asked to wait (until 14:03 UTC)')).toContain('until 14:03 UTC');
    expect(waits('publishing', 'langfuse: HTTP 503')).toBe('waits: langfuse: HTTP 503');
    // A run that was ended before it came to a platform.
    const nothing = facts({ view: viewOf({ status: 'publishing', publication: [] }) });
    expect(waitingFor(nothing)).toBeUndefined();
    expect(progressLine(nothing)).not.toMatch(/, *$/);
    for (const status of ['running', 'paused', 'publishing'] as const) {
      const shown = waits(status, 'a\u001b[2Jb\r\nc\u202ed') ?? '';
      // eslint-disable-next-line no-control-regex
      expect(shown).not.toMatch(/[\u0000-\u001f\u202e]/);
    }
  });

  it('calls a cell that was skipped not done', () => {
    const counts = { ...viewOf().counts, planned: 1_500, pending: 0, ok: 174, skipped: 1_326 };
    const view = viewOf({
      status: 'publishing',
      counts: { ...counts, target_error: 0, evaluator_error: 0 },
    });
    expect(progressLine(facts({ view }))).toContain('174 of 1,500 cells (11.6 %), 1,326 skipped');
  });

  it('notices a silence by the rate that there was, and promises no end then', () => {
    const silent = facts({ perSecond: 2.5, stillMs: 5_000 });
    expect(progressLine(silent)).toContain('no cell has ended for 5.0 s');
    expect(progressLine(silent)).toContain('a lost worker');
    expect(progressLine(silent)).not.toContain('left');
    // At one in ten seconds five are nothing.
    expect(progressLine(facts({ perSecond: 0.1, stillMs: 5_000 }))).toContain('left');
  });

  it('calls another look at the platforms what it is: nothing is sent', () => {
    const pass = { pass: 2, kind: 'verify' as const, cells: 0, done: 0 };
    const sent = { ...publication, sentTraces: 200, sentScores: 800 };
    const line = (each: PublicationCounts): string =>
      progressLine(facts({ view: viewOf({ status: 'publishing', pass, publication: [each] }) }));
    expect(line(sent)).toMatch(/^verifying: .*reading back from langfuse: 40 of 200 traces/);
    expect(line(publication)).toMatch(/^publishing: .*sending to langfuse/);
  });

  it('tells what it waits for', () => {
    expect(waitingFor(facts())).toBeUndefined();
    expect(waitingFor(facts({ stillMs: 20_000 }))).toContain('no cell has ended for 20.0 s');
    expect(waitingFor(facts({ silentMs: 6_000 }))).toContain('no answer from Postgres for 6.0 s');
    const publishing = viewOf({ status: 'publishing', publication: [publication] });
    expect(waitingFor(facts({ view: publishing }))).toBe(
      'sending to langfuse: 120 of 200 traces, 300 of 800 scores',
    );
    const verifying = viewOf({ status: 'verifying', publication: [publication] });
    expect(waitingFor(facts({ view: verifying }))).toBe(
      'reading back from langfuse: 40 of 200 traces, 10 of 800 scores',
    );
  });
});

describe('the drawing', () => {
  it('gives up its bar before the time that is left', () => {
    const colours = picocolors.createColors(false);
    const counts = { ...viewOf().counts, planned: 20_000, pending: 15_000, ok: 4_995 };
    const known = facts({ view: viewOf({ counts }), cost: '$0.15 so far' });
    const draw = (columns: number): string => progressBlock(known, { columns, colours })[0] ?? '';
    for (const columns of [92, 100, 200]) expect(draw(columns)).toContain('left, $0.15 so far');
    expect(draw(200)).toContain('·'.repeat(10));
    expect(draw(92)).not.toContain('·'.repeat(10));
    expect(draw(80)).toContain(' left');
  });

  it('never has a line that wraps, however narrow the terminal', () => {
    const colours = picocolors.createColors(false);
    fc.assert(
      fc.property(
        fc.integer({ min: 10, max: 300 }),
        fc.integer({ min: 0, max: 5_000_000 }),
        fc.integer({ min: 0, max: 5_000_000 }),
        (columns, ok, pending) => {
          const counts = { ...viewOf().counts, planned: ok + pending, ok, pending };
          const view = viewOf({ counts: { ...counts, target_error: 0, evaluator_error: 0 } });
          for (const line of progressBlock(facts({ view, stillMs: 60_000 }), {
            columns,
            colours,
          })) {
            expect(line.length).toBeLessThan(columns);
          }
        },
      ),
    );
  });
});
