import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { createStragglers, planBatches } from '../../../../src/core/experiment/batches.js';
import {
  experimentId,
  experimentWorkflowId,
  isFinalStatus,
  taskQueues,
} from '../../../../src/core/experiment/naming.js';
import { tellStory, type Story } from '../../../../src/core/experiment/story.js';
import { backoffMs } from '../../../../src/core/retry/backoff.js';

describe('the batches of a run', () => {
  it('have 25 to 100 cells, at most 20 in flight, and never let the slots run dry', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.integer({ min: 1, max: 2000 }),
        (planned, concurrency) => {
          const { size, window } = planBatches(planned, concurrency);
          expect(size).toBeGreaterThanOrEqual(25);
          expect(size).toBeLessThanOrEqual(100);
          expect(window).toBeGreaterThanOrEqual(1);
          expect(window).toBeLessThanOrEqual(20);
          expect(Number.isInteger(size) && Number.isInteger(window)).toBe(true);
          // While one batch ends the others must still hold as many cells as there are slots.
          const inFlight = Math.min(planned, size * window);
          expect(inFlight).toBeGreaterThanOrEqual(Math.min(planned, concurrency));
        },
      ),
    );
  });

  it('are one for a small run', () => {
    expect(planBatches(5, 16)).toEqual({ size: 25, window: 1 });
    expect(planBatches(10_000, 2000)).toEqual({ size: 100, window: 20 });
  });

  it('keep their cut in histories of before stragglers and of before whole batches', () => {
    expect(planBatches(10_000, 100, 4)).toEqual({ size: 25, window: 9 });
    expect(planBatches(10_000, 100, 2)).toEqual({ size: 50, window: 5 });
    expect(planBatches(10_000, 100)).toEqual({ size: 100, window: 3 });
  });

  it('do not count in the window once a later one has ended: they only wait for slow cells', () => {
    const stragglers = createStragglers();
    for (const position of [0, 50, 100]) stragglers.started(position);
    expect(stragglers.count).toBe(0);
    stragglers.ended(50);
    expect(stragglers.count).toBe(1);
    stragglers.started(150);
    stragglers.ended(100);
    expect(stragglers.count).toBe(1);
    stragglers.ended(0);
    expect(stragglers.count).toBe(0);
  });
});

describe('names on Temporal and in the store', () => {
  it('keep their form: runs that are under way are found by it', () => {
    expect(experimentWorkflowId('shop', 'a b')).toBe('assay/shop/experiment/a b');
    expect(experimentId('shop', 'a b')).toBe('shop/a b');
    expect(taskQueues('shop')).toEqual({
      orchestration: 'assay-shop',
      cells: 'assay-shop-cells',
      publishing: 'assay-shop-publishing',
    });
  });

  it('give the queues of any two projects different names', () => {
    const project = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$/);
    fc.assert(
      fc.property(project, project, (a, b) => {
        fc.pre(a !== b);
        expect(taskQueues(a).orchestration).not.toBe(taskQueues(b).orchestration);
      }),
    );
  });

  it('call a run ended in exactly four of its states', () => {
    const states = [
      'planning',
      'running',
      'publishing',
      'verifying',
      'completed',
      'completed_unverified',
      'cancelled',
      'failed',
    ] as const;
    expect(states.filter(isFinalStatus)).toEqual([
      'completed',
      'completed_unverified',
      'cancelled',
      'failed',
    ]);
  });
});

const story: Story = {
  summary: 'triage over tickets',
  status: 'completed_unverified',
  counts: { planned: 8, pending: 2, ok: 4, target_error: 1, evaluator_error: 1, skipped: 0 },
  publications: [
    {
      platform: 'langfuse',
      expectedTraces: 6,
      sentTraces: 6,
      verifiedTraces: 5,
      expectedScores: 12,
      sentScores: 12,
      verifiedScores: 11,
      expectedRunScores: 0,
      verifiedRunScores: 0,
      duplicateSpans: 0,
      ambiguousResends: 1,
      takeovers: 0,
      refused: 0,
    },
  ],
  waitingFor: 'openai/small asked to wait.',
  note: undefined,
};

describe('the story in the Temporal UI', () => {
  it('tells status, what is waited for, cells and publication with their denominators', () => {
    const text = tellStory(story);
    expect(text).toContain('**triage over tickets**');
    expect(text).toContain('Status: **completed unverified**');
    expect(text).toContain('Waiting: openai/small asked to wait.');
    expect(text).toContain('Cells: 6 of 8 done (75.0 %)');
    expect(text).toContain('| 4 | 1 | 1 | 0 | 2 |');
    expect(text).toContain('5 of 6 traces and 11 of 12 scores read back');
  });

  it('never divides by zero', () => {
    const none = { planned: 0, pending: 0, ok: 0, target_error: 0, evaluator_error: 0, skipped: 0 };
    expect(tellStory({ ...story, counts: none })).toContain('Cells: 0 of 0 done (0 %)');
  });

  it('lets no text of a user become markup, a link, HTML or a line of its own', () => {
    const hostile = '</p><script>x</script>[a](javascript:b) **b** `c`\n# head\r\n\n| cell |';
    for (const text of [
      tellStory({ ...story, summary: hostile }),
      tellStory({ ...story, waitingFor: hostile }),
      tellStory({ ...story, note: hostile }),
    ]) {
      expect(text).not.toMatch(/(?<!\\)<script/);
      expect(text).not.toMatch(/(?<!\\)\]\(javascript/);
      expect(text).not.toMatch(/^\\?# head/m);
      expect(text).not.toMatch(/^\\?\| cell/m);
    }
  });
});

describe('the wait before the next try', () => {
  const policy = { initialDelayMs: 500, maxDelayMs: 30_000 };

  it('doubles, with jitter in its upper half, and never passes the longest wait', () => {
    expect([1, 2, 3].map((attempt) => backoffMs({ attempt, policy, random: 0 }))).toEqual([
      250, 500, 1000,
    ]);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (attempt, random) => {
          const wait = backoffMs({ attempt, policy, random });
          const ceiling = Math.min(30_000, 500 * 2 ** (attempt - 1));
          expect(wait).toBeGreaterThanOrEqual(Math.floor(ceiling / 2));
          expect(wait).toBeLessThanOrEqual(ceiling);
        },
      ),
    );
  });
});
