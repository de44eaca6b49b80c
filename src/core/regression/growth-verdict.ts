import { count, counted, figure, itemsText, percent } from '../report/figures.js';
import type { Interval } from '../statistics/interval.js';
import type { GrowthComparison } from './types.js';
import {
  fewestChanges,
  fewestClusters,
  inconclusive,
  lopsidedText,
  pSaid,
  type Decision,
} from './verdict.js';

/** What the verdict on a cost or a latency goes by. */
export interface GrowthFigures extends Pick<
  GrowthComparison,
  'what' | 'margin' | 'items' | 'clusters' | 'cellsMissing'
> {
  readonly ratio: number;
  readonly interval: Interval | null;
  readonly p: number | null;
  /** Whether all clusters have the same ratio. */
  readonly tied: boolean;
  readonly effective: number;
  /** Clusters in which anything differs. */
  readonly changed: number;
  readonly common: number;
  /** By how much the ratio would grow if each missing cell doubled its item's. */
  readonly unseen: number;
  readonly alpha: number;
}

/** The rule of growth: as that of scores, turned round, over a ratio whose margin is above 1. */
export function decideGrowth(of: GrowthFigures): Decision {
  const { what, margin, alpha, clusters, interval, ratio, p } = of;
  if (interval === null) {
    return clusters < 2
      ? inconclusive('one_cluster', 'One item or cluster says nothing about others.')
      : inconclusive('not_enough_evidence', `The ${what} of the base varies too much for a ratio.`);
  }
  const said = `The ${what} is ${figure(ratio)} times that of the base (${figure(interval.low)} to ${figure(interval.high)}; ${itemsText(of.items, of.common)} items)`;
  if (of.effective < fewestClusters(alpha) - 1e-9) {
    const { effective: effectiveClusters } = of;
    const few = lopsidedText({ clusters, effectiveClusters, items: of.items });
    return inconclusive('few_clusters', `${said}. ${few}`);
  }
  if (interval.high < 1 + margin) return unseenOr(of, said);
  if (interval.low > 1 && p !== null && p <= alpha) {
    const reason = `${said}, which is more, ${pSaid(p)}.`;
    return { verdict: 'regress', code: 'worse', reason };
  }
  return inconclusive(
    of.tied ? 'no_variance' : 'not_enough_evidence',
    of.tied
      ? `${said}, the same for all: too few to exclude a growth to ${figure(1 + margin)} or to show one.`
      : `${said}: that neither excludes a growth to ${figure(1 + margin)} nor shows one (${counted(clusters, clusters === of.items ? 'item' : 'cluster')}).`,
  );
}

/** A pass, unless what was not seen could hide that it is none. */
function unseenOr(of: GrowthFigures, said: string): Decision {
  const { margin, alpha, interval, cellsMissing, unseen } = of;
  if (!of.tied && of.changed < fewestChanges && (1 - Math.min(1, margin)) ** of.effective > alpha) {
    const reason = `${said}, but only ${count(of.changed)} of ${count(of.clusters)} differ, and there are too few to have seen rare ones that take twice as much.`;
    return inconclusive('sparse_changes', reason);
  }
  const most = (interval?.high ?? Infinity) * (1 + unseen);
  if (unseen > 0 && !(most < 1 + margin)) {
    const { base, head } = cellsMissing;
    const where = [
      ...(head > 0 ? [`head in ${counted(head, 'cell')}`] : []),
      ...(base > 0 ? [`the base in ${counted(base, 'cell')}`] : []),
    ].join(' and ');
    return inconclusive(
      head > 0 ? 'missing_in_head' : 'missing_in_base',
      `${said} where it is known, but ${where} has none that the other side has: if it doubled there, ${percent(Math.min(1, unseen))} more could be hidden, which is not below the accepted ${figure(1 + margin)}.`,
    );
  }
  const reason = `${said}, below the accepted ${figure(1 + margin)}.`;
  return { verdict: 'pass', code: 'within_margin', reason };
}
