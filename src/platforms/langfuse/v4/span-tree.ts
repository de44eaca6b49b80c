import type { CallRecord, CellResult, EvaluatorFailure } from '../../../contracts/records.js';
import { judgePath } from '../../../core/experiment/judge-path.js';

/** One span of a cell before it is written: where it stands and what it shows. */
export interface SpanNode {
  readonly path: string;
  /** The path of its parent; absent for the root. */
  readonly parent?: string;
  readonly start: string;
  readonly end: string;
  readonly shows:
    | { readonly kind: 'root' }
    | { readonly kind: 'target' }
    | {
        readonly kind: 'evaluator';
        readonly evaluator: string;
        readonly failure: EvaluatorFailure | undefined;
      }
    | { readonly kind: 'call'; readonly call: CallRecord };
}

/** The spans of a cell, parents first. */
export interface SpanTree {
  readonly nodes: readonly SpanNode[];
  /** Calls beyond `maxCalls`; they are in the cell's figures, not in its trace. */
  readonly callsLeftOut: number;
}

/**
 * The root, the target with its calls, and a span per evaluator that called a model or failed, with its calls.
 *
 * Calls that came from the journal can be older than the cell's own start, since an earlier attempt made them;
 * they keep their times and do not stretch the spans above them.
 */
export function spanTree(cell: CellResult, maxCalls: number): SpanTree {
  const kept = withOwnPaths(cell.calls.slice(0, maxCalls));
  const ofTarget = kept.filter(({ group }) => group === targetPath);
  const evaluators = evaluatorNodes(cell, kept);
  // An output that was taken over is the root's own: no target was called, and its calls stand in the other trace.
  const isRun = cell.status !== 'skipped' && cell.reusedFrom === undefined;
  const hasTarget = isRun || ofTarget.length > 0;
  return {
    nodes: [
      {
        path: rootPath,
        start: cell.startedAt,
        end: later(cell.startedAt, cell.endedAt),
        shows: { kind: 'root' },
      },
      ...(hasTarget ? [targetNode(cell, ofTarget)] : []),
      ...evaluators,
      ...kept.map(callNode),
    ],
    callsLeftOut: cell.calls.length - kept.length,
  };
}

/** What a later judgement of a cell adds to its trace. */
export interface Judgement {
  /** Part of its spans' ids, so that they are none of those that stand there. */
  readonly pass: number;
  readonly calls: readonly CallRecord[];
  readonly failures: readonly EvaluatorFailure[];
}

/** The evaluators of a judgement and their calls, to be put below the cell's root. */
export function judgementTree(cell: CellResult, judgement: Judgement, maxCalls: number): SpanTree {
  const { pass, calls, failures } = judgement;
  const { nodes, callsLeftOut } = spanTree(
    { ...cell, calls, evaluatorFailures: failures },
    maxCalls,
  );
  const placed = (path: string): string => (path === rootPath ? path : `pass:${pass}/${path}`);
  return {
    nodes: nodes.flatMap((node) =>
      node.shows.kind === 'root' || node.shows.kind === 'target'
        ? []
        : [
            {
              ...node,
              path: placed(node.path),
              ...(node.parent === undefined ? {} : { parent: placed(node.parent) }),
            },
          ],
    ),
    callsLeftOut,
  };
}

export const rootPath = 'root';
const targetPath = 'target';

interface PlacedCall {
  readonly call: CallRecord;
  /** Its own path, even where two records give the same. */
  readonly path: string;
  /** The path of the span above it. */
  readonly group: string;
}

// Two spans of one id would look like a record sent twice.
function withOwnPaths(calls: readonly CallRecord[]): readonly PlacedCall[] {
  const seen = new Map<string, number>();
  return calls.map((call) => {
    const path = call.path.includes('/') ? call.path : `${call.path}/call`;
    const count = (seen.get(path) ?? 0) + 1;
    seen.set(path, count);
    const group = call.purpose === 'target' ? targetPath : (call.path.split('/')[0] ?? '');
    return {
      call,
      path: count === 1 ? path : `${path}#${count}`,
      group: group === '' || group === rootPath ? targetPath : group,
    };
  });
}

function targetNode(cell: CellResult, calls: readonly PlacedCall[]): SpanNode {
  const live = calls.filter(({ call }) => call.replayed !== true).map(({ call }) => call);
  const start = live
    .map((call) => call.startedAt)
    .reduce(earlier, live[0]?.startedAt ?? cell.startedAt);
  const byLatency = new Date(Date.parse(start) + Math.max(0, cell.latencyMs)).toISOString();
  const end = earlier(live.map((call) => call.endedAt).reduce(later, byLatency), cell.endedAt);
  return {
    path: targetPath,
    parent: rootPath,
    start,
    end: later(start, end),
    shows: { kind: 'target' },
  };
}

function evaluatorNodes(cell: CellResult, calls: readonly PlacedCall[]): readonly SpanNode[] {
  const groups = new Map<string, PlacedCall[]>();
  for (const placed of calls) {
    if (placed.group === targetPath) continue;
    groups.set(placed.group, [...(groups.get(placed.group) ?? []), placed]);
  }
  for (const { evaluator } of cell.evaluatorFailures) {
    const path = judgePath(evaluator);
    if (!groups.has(path)) groups.set(path, []);
  }
  return [...groups].map(([path, placed]) => {
    const evaluator = path.slice(path.indexOf(':') + 1);
    const times = placed.map(({ call }) => call);
    const start = times
      .map((call) => call.startedAt)
      .reduce(earlier, times[0]?.startedAt ?? cell.endedAt);
    return {
      path,
      parent: rootPath,
      start,
      end: times.map((call) => call.endedAt).reduce(later, start),
      shows: {
        kind: 'evaluator',
        evaluator,
        failure: cell.evaluatorFailures.find((failure) => failure.evaluator === evaluator),
      },
    };
  });
}

function callNode({ call, path, group }: PlacedCall): SpanNode {
  return {
    path,
    parent: group,
    start: call.startedAt,
    end: later(call.startedAt, call.endedAt),
    shows: { kind: 'call', call },
  };
}

// ISO texts in UTC with milliseconds sort as the times they name.
const earlier = (a: string, b: string): string => (a < b ? a : b);
const later = (a: string, b: string): string => (a > b ? a : b);
