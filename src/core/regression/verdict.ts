import { count, figure } from '../report/figures.js';
import type { Interval } from '../statistics/interval.js';
import type { ComparisonFigures, ReasonCode, Verdict } from './types.js';

/** A verdict with its reason. */
export interface Decision {
  readonly verdict: Verdict;
  readonly code: ReasonCode;
  readonly reason: string;
}

/** What a verdict goes by. */
export interface DecisionRule {
  readonly margin: number;
  readonly alpha: number;
  readonly power: number;
  /** Width of the score's scale; null where it is not known. */
  readonly range: number | null;
}

/** Fewer clusters that differ than this do not carry a t interval or a bootstrap: the rule of ten of each kind for a binomial. */
export const fewestChanges = 10;

/**
 * With fewer effective clusters no interval or test holds: where all signs could be chance, none of k clusters has a p below
 * 2^−k (Fisher 1935; Canay, Romano and Shaikh 2017), and where one cluster holds more than half of the items, so that these are
 * below 4, the error of the mean is that cluster's own, which the others do not show.
 */
export function fewestClusters(alpha: number): number {
  return Math.max(4, Math.log2(1 / alpha));
}

/**
 * The rule: pass if the lower end of the interval of d is above −margin, else regress if its upper end is below 0 and the test
 * agrees, else inconclusive. A pass also needs that rare large losses would have been seen: where fewer than ten clusters
 * differ at all, so many that a loss of the whole scale in margin ÷ range of them would have shown with 1 − α. Nothing is
 * decided by t or the bootstrap from less than {@link fewestClusters}.
 *
 * Source: non-inferiority by intervals as in Piaggio et al. (2012), CONSORT extension; the interval at 1 − 2α makes
 * each side a test at α (Schuirmann 1987).
 */
export function decide(figures: ComparisonFigures, rule: DecisionRule): Decision {
  const { interval, test } = figures;
  if (interval === null) return unknown(figures);
  if (isLopsided(figures, rule)) return lopsided(figures);
  if (interval.low > -rule.margin)
    return isSparse(figures, rule) ? sparse(figures) : passed(figures, rule);
  if (interval.high < 0 && test !== null && test.p <= rule.alpha) return worse(figures, rule);
  return open(figures, rule);
}

// Tango's interval and that of ties are exact for few items and take unseen losses into account by themselves.
const isExact = ({ method }: ComparisonFigures): boolean => method === 'tango' || method === 'ties';

function isLopsided(figures: ComparisonFigures, { alpha }: DecisionRule): boolean {
  return !isExact(figures) && figures.effectiveClusters < fewestClusters(alpha) - 1e-9;
}

function lopsided({ clusters, effectiveClusters, items }: ComparisonFigures): Decision {
  return inconclusive('few_clusters', lopsidedText({ clusters, effectiveClusters, items }));
}

export function lopsidedText(of: {
  readonly clusters: number;
  readonly effectiveClusters: number;
  readonly items: number;
}): string {
  const { clusters, effectiveClusters: effective, items } = of;
  if (clusters === items) return `${count(items)} items are too few to judge others by.`;
  const uneven =
    clusters - effective < 0.05
      ? ''
      : `, whose sizes make them count as ${Number(effective.toFixed(1))}`;
  return `The ${count(items)} items lie in ${count(clusters)} clusters${uneven}: too few to judge others by.`;
}

function isSparse(figures: ComparisonFigures, rule: DecisionRule): boolean {
  if (isExact(figures) || figures.changedClusters >= fewestChanges) return false;
  if (rule.range === null) return true;
  return (1 - rule.margin / rule.range) ** figures.effectiveClusters > rule.alpha;
}

function unknown({ items, clusters, estimate }: ComparisonFigures): Decision {
  if (items === 0) {
    return inconclusive('no_scores', 'No common item has a score on both sides.');
  }
  if (items === 1) return inconclusive('one_cluster', 'One item says nothing about others.');
  if (clusters === 1) {
    return inconclusive(
      'one_cluster',
      `All ${count(items)} items belong to one cluster, which says nothing about others.`,
    );
  }
  return inconclusive(
    'no_variance',
    `All ${count(items)} items have the same difference, ${signed(estimate)}: how much others may differ could be told with the score's scale only.`,
  );
}

function passed({ interval, estimate }: ComparisonFigures, { margin }: DecisionRule): Decision {
  return {
    verdict: 'pass',
    code: 'within_margin',
    reason: `The difference is ${signed(estimate)}; its interval, ${ends(interval)}, lies above −${figure(margin)}, the loss that is accepted.`,
  };
}

function worse(figures: ComparisonFigures, { alpha }: DecisionRule): Decision {
  const { interval, estimate, base, head, test } = figures;
  const means =
    base === null || head === null ? '' : ` (${figure(base.mean)} → ${figure(head.mean)})`;
  return {
    verdict: 'regress',
    code: 'worse',
    reason: `Head is worse: the difference is ${signed(estimate)}${means}, its interval, ${ends(interval)}, lies below 0, ${pSaid(test?.p ?? alpha)}.`,
  };
}

function open(figures: ComparisonFigures, { margin, power }: DecisionRule): Decision {
  const { interval, estimate, items, itemsNeeded, mde } = figures;
  if (figures.method === 'ties') {
    return inconclusive(
      'no_variance',
      `All ${count(items)} items have the same difference, ${signed(estimate)}: too few to exclude a loss of ${figure(margin)} or to show one.`,
    );
  }
  const sure = `${figure(power * 100)} %`;
  const needed =
    itemsNeeded === null
      ? ''
      : ` Were head as good as the base, about ${count(itemsNeeded)} items would show it with ${sure} power; there were ${count(items)}.`;
  const found = mde === null ? '' : ` A loss of ${figure(mde)} would have been found with ${sure}.`;
  return inconclusive(
    'not_enough_evidence',
    `The difference is ${signed(estimate)}; its interval, ${ends(interval)}, neither excludes a loss of ${figure(margin)} nor shows one.${needed}${found}`,
  );
}

function sparse({ changedClusters, clusters, items }: ComparisonFigures): Decision {
  const what = clusters === items ? 'items' : 'clusters';
  return inconclusive(
    'sparse_changes',
    `Only ${count(changedClusters)} of ${count(clusters)} ${what} differ, too few to judge rare losses by, and there are too few ${what} to have seen them.`,
  );
}

export function inconclusive(code: ReasonCode, reason: string): Decision {
  return { verdict: 'inconclusive', code, reason };
}

/** A p value as people read it. */
export function pText(p: number): string {
  return p < 0.0001 ? '< 0.0001' : String(Number(p.toPrecision(2)));
}

/** The same in a sentence: `p = 0.03`, `p < 0.0001`. */
export const pSaid = (p: number): string => (p < 0.0001 ? 'p < 0.0001' : `p = ${pText(p)}`);

export function signed(value: number | null): string {
  if (value === null) return '–';
  return value > 0 ? `+${figure(value)}` : value < 0 ? `−${figure(-value)}` : '0';
}

export function ends(interval: Interval | null): string {
  return interval === null ? '–' : `${signed(interval.low)} to ${signed(interval.high)}`;
}
