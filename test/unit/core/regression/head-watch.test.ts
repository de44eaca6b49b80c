import { describe, expect, it } from '@jest/globals';

import { align } from '../../../../src/core/regression/align.js';
import {
  endedPrefix,
  HeadWatch,
  type HeadWatchInput,
  type OrderedCell,
} from '../../../../src/core/regression/head-watch.js';
import {
  RunScoresBuilder,
  type CellScore,
  type RunScores,
} from '../../../../src/core/regression/run-scores.js';

const items = Array.from({ length: 400 }, (_, i) => `item-${i}`);
const number = (value: number, name = 'tone'): CellScore => ({
  name,
  value: { type: 'NUMERIC', value },
});

function sideOf(scores: (item: number) => readonly CellScore[], ids = items): RunScores {
  const builder = new RunScoresBuilder();
  ids.forEach((itemId, i) => builder.add({ itemId, scores: scores(i) }));
  return builder.build();
}

function watchOf(
  base: RunScores,
  change: Partial<HeadWatchInput> = {},
  ids: readonly string[] = items,
): HeadWatch {
  const head = sideOf(() => [], [...ids]);
  return new HeadWatch({
    base,
    head,
    alignment: align({ base, head }, undefined),
    evaluators: [{ name: 'tone' }],
    margin: 0.02,
    alpha: 0.05,
    others: 0,
    decides: () => true,
    ...change,
  });
}

const cell = (position: number, scores: readonly CellScore[] = [], ended = true): OrderedCell => ({
  position,
  ended,
  itemId: items[position] ?? '',
  scores,
});
const cells = (n: number, scores: (i: number) => readonly CellScore[]): OrderedCell[] =>
  Array.from({ length: n }, (_, i) => cell(i, scores(i)));

const allRight = sideOf(() => [number(1)]);

describe('the ended prefix of the random order', () => {
  const positions = (found: readonly OrderedCell[]) => found.map(({ position }) => position);

  it('ends before the first cell that has not ended, whatever has ended after it', () => {
    const list = [cell(0), cell(1), cell(2, [], false), cell(3), cell(4)];
    expect(positions(endedPrefix(list, 0))).toEqual([0, 1]);
    expect(positions(endedPrefix(list.slice(0, 2), 0))).toEqual([0, 1]);
  });

  it('ends before a position that is not there', () => {
    expect(positions(endedPrefix([cell(0), cell(2)], 0))).toEqual([0]);
    expect(positions(endedPrefix([cell(6)], 5))).toEqual([]);
  });
});

describe('a head that is held against its base while it runs', () => {
  it('is worse for certain long before its last cell', () => {
    const watch = watchOf(allRight);
    watch.take(cells(200, () => [number(0)]));
    expect(watch.next).toBe(200);
    expect(watch.settled()).toMatchObject({ verdict: 'regress', cells: 200, planned: 400 });
  });

  it('is not judged by cells that ended before an earlier one', () => {
    const watch = watchOf(allRight);
    const bad = cells(200, () => [number(0)]);
    const slow = bad.map((each) => (each.position === 3 ? { ...each, ended: false } : each));
    watch.take(slow);
    expect(watch.next).toBe(3);
    expect(watch.settled()).toBeUndefined();
    watch.take(bad.slice(3));
    expect(watch.settled()?.verdict).toBe('regress');
  });

  it('comes to the same whatever the looks were', () => {
    const bad = cells(150, (i) => [number(i % 3 === 0 ? 1 : 0)]);
    const once = watchOf(allRight);
    once.take(bad);
    const often = watchOf(allRight);
    for (let from = 0; from < 150; from += 7) often.take(bad.slice(from, from + 7));
    expect(often.settled()).toEqual(once.settled());
    expect(once.settled()?.verdict).toBe('regress');
  });

  it('goes on where it is as good and few cells have ended', () => {
    const watch = watchOf(allRight);
    watch.take(cells(100, () => [number(1)]));
    expect(watch.settled()).toBeUndefined();
  });

  it('passes early only where nothing else decides', () => {
    const wide = { margin: 0.5 };
    const good = cells(300, () => [number(1)]);
    const alone = watchOf(allRight, wide);
    alone.take(good);
    expect(alone.settled()?.verdict).toBe('pass');
    const guarded = watchOf(allRight, { ...wide, others: 1 });
    guarded.take(good);
    expect(guarded.settled()).toBeUndefined();
    const surprised = watchOf(allRight, wide);
    surprised.take(good.map((each) => ({ ...each, scores: [...each.scores, number(1, 'new')] })));
    expect(surprised.settled()).toBeUndefined();
  });

  it('counts a cell without a score for the worst in a pass and for the best in a regression', () => {
    const failing = watchOf(allRight, { margin: 0.5 });
    failing.take(cells(300, () => []));
    expect(failing.settled()?.verdict).not.toBe('pass');
    const allWrong = watchOf(sideOf(() => [number(0)]));
    allWrong.take(cells(300, () => []));
    expect(allWrong.settled()).toBeUndefined();
  });

  it('turns the scale round where lower is better', () => {
    const base = sideOf(() => [number(0)]);
    const watch = watchOf(base, { evaluators: [{ name: 'tone', better: 'lower' }] });
    watch.take(cells(200, () => [number(1)]));
    expect(watch.settled()?.verdict).toBe('regress');
  });

  it('leaves out items that the base does not have', () => {
    const base = sideOf(() => [number(1)], items.slice(200));
    const watch = watchOf(base);
    watch.take(cells(200, () => [number(0)]));
    expect(watch.next).toBe(200);
    expect(watch.settled()).toBeUndefined();
  });

  it.each([
    ['off the scale of the base', () => [number(7)]],
    [
      'of another type',
      () => [{ name: 'tone', value: { type: 'BOOLEAN', value: false } } as const],
    ],
  ])('settles nothing by a score that is %s', (_what, scores) => {
    const watch = watchOf(allRight);
    watch.take([cell(0, scores())]);
    watch.take(cells(300, () => [number(0)]).slice(1));
    expect(watch.hopeful).toBe(false);
    expect(watch.settled()).toBeUndefined();
  });

  it('has nothing to hope for without a scale, or where nothing decides', () => {
    const wide = sideOf((i) => [number(i)]);
    expect(watchOf(wide, { evaluators: [{ name: 'tone', margin: 3 }] }).hopeful).toBe(false);
    const informs = { evaluators: [{ name: 'tone', required: false }] };
    expect(watchOf(allRight, informs).hopeful).toBe(false);
  });
});
