import { describe, expect, it } from '@jest/globals';

import { shellWord } from '../../../src/cli/cli.js';
import { errorLines, outcomeOf, shortPath } from '../../../src/cli/results/conclude.js';
import type { CellCounts } from '../../../src/contracts/records.js';
import { AssayError } from '../../../src/core/errors/assay-error.js';
import { viewOf } from './streams.js';

const clean: CellCounts = {
  planned: 10,
  pending: 0,
  ok: 10,
  target_error: 0,
  evaluator_error: 0,
  skipped: 0,
};
const withErrors: CellCounts = { ...clean, ok: 7, target_error: 2, evaluator_error: 1 };

describe('the errors at the end of a run', () => {
  const group = (n: number, evaluator: string | null) => ({
    phase: evaluator === null ? ('target' as const) : ('evaluator' as const),
    evaluator,
    code: evaluator === null ? 'TARGET_FAILED' : 'EVALUATOR_FAILED',
    title: 'x',
    n,
    messages: [{ text: 'boom', n }],
    examples: [],
  });

  it('are the most frequent ones with their reasons, and how many kinds more', () => {
    const errors = [group(12, 'words'), group(2, null), group(1, 'tone')];
    expect(errorLines({ errors }, { counts: withErrors })).toEqual([
      '12 × evaluator words: EVALUATOR_FAILED: boom',
      '2 × target: TARGET_FAILED: boom',
      'and 1 other kind',
    ]);
    expect(errorLines({ errors: [] }, { counts: clean })).toEqual([]);
  });
});

describe('the outcome of a run', () => {
  it('is a success where it completed, cell errors included', () => {
    expect(outcomeOf(viewOf({ status: 'completed', counts: clean }), true)).toBeUndefined();
    expect(outcomeOf(viewOf({ status: 'completed', counts: withErrors }), false)).toBeUndefined();
  });

  it('is EXPERIMENT_HAS_ERRORS (6) with cell errors where they are to fail', () => {
    const failure = outcomeOf(viewOf({ status: 'completed', counts: withErrors }), true);
    expect(failure).toMatchObject({ code: 'EXPERIMENT_HAS_ERRORS', entry: { exit: 6 } });
    expect(failure?.message).toContain('3 of 10');
  });

  it('is EXPERIMENT_CANCELLED (6) where it was cancelled', () => {
    const counts = { ...clean, ok: 4, skipped: 6 };
    const failure = outcomeOf(viewOf({ status: 'cancelled', counts }), false);
    expect(failure).toMatchObject({ code: 'EXPERIMENT_CANCELLED', entry: { exit: 6 } });
    expect(failure?.message).toContain('6 of 10');
  });

  it('is EXPERIMENT_FAILED (6) with what made it fail', () => {
    const error = new AssayError('PLATFORM_UNAUTHORIZED', 'langfuse: 401', { mend: 'Check them.' });
    const view = viewOf({ status: 'failed', counts: clean, error: error.toJSON() });
    expect(outcomeOf(view, false)).toMatchObject({
      code: 'EXPERIMENT_FAILED',
      message: 'langfuse: 401',
      problems: [{ at: 'PLATFORM_UNAUTHORIZED', mend: 'Check them.' }],
      entry: { exit: 6 },
    });
  });

  it('is EXPERIMENT_UNVERIFIED (6), n of m, where the platform does not show everything', () => {
    const publication = [
      {
        platform: 'langfuse',
        expectedTraces: 10,
        sentTraces: 10,
        verifiedTraces: 8,
        expectedScores: 20,
        sentScores: 20,
        verifiedScores: 20,
        expectedRunScores: 4,
        verifiedRunScores: 4,
        duplicateSpans: 1,
        ambiguousResends: 0,
        takeovers: 0,
        refused: 0,
      },
    ];
    const view = viewOf({ status: 'completed_unverified', counts: clean, publication });
    expect(outcomeOf(view, false)).toMatchObject({
      code: 'EXPERIMENT_UNVERIFIED',
      problems: [
        {
          at: 'langfuse',
          message: '8 of 10 traces and 20 of 20 scores read back, 1 duplicate span',
        },
      ],
      entry: { exit: 6 },
    });
  });
});

describe('what people copy', () => {
  it('is one word of a shell, whatever the name holds', () => {
    expect(shellWord('nightly-2026-11-21')).toBe('nightly-2026-11-21');
    expect(shellWord('Grüße; rm -rf $HOME')).toBe("'Grüße; rm -rf $HOME'");
    expect(shellWord("it's")).toBe("'it'\\''s'");
  });

  it('is a relative path below the current folder only', () => {
    expect(shortPath('/a/b', '/a/b/results/x')).toBe('results/x');
    expect(shortPath('/a/b', '/a/c/x')).toBe('/a/c/x');
  });
});
