import type {
  CallRecord,
  CellResult,
  EvaluatorFailure,
  TracedSpan,
} from '../../contracts/records.js';
import { judgePath } from '../../core/experiment/judge-path.js';

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
    | { readonly kind: 'call'; readonly call: CallRecord }
    | { readonly kind: 'traced'; readonly span: TracedSpan };
}

/** The spans of a cell, parents first. */
export interface SpanTree {
  readonly nodes: readonly SpanNode[];
  /** Calls beyond `maxCalls`; they are in the cell's figures, not in its trace. */
  readonly callsLeftOut: number;
  /** Spans of the team's own instrumentation that are not shown, those that were not even collected included. */
  readonly spansLeftOut: number;
}

/**
 * The root, the target with its calls, and a span per evaluator that called a model, was traced or failed, with its calls. Spans
 * of the team's own instrumentation stand below the target or the evaluator whose code made them, and calls made in one of
 * them below it.
 *
 * Calls that came from the journal can be older than the cell's own start, since an earlier attempt made them;
 * they keep their times and do not stretch the spans above them.
 */
export function spanTree(cell: CellResult, maxCalls: number): SpanTree {
  const kept = withOwnPaths(cell.calls.slice(0, maxCalls));
  // The first ones: whatever stands above a span that is kept began before it.
  const spans = (cell.spans ?? []).slice(0, maxCalls);
  const shown = new Set(spans.map(({ path }) => path));
  const timed: readonly Timed[] = [
    ...kept.map(({ call, group }) => ({ ...call, group })),
    ...spans.map((span) => ({ ...span, group: groupOf(span.path) })),
  ];
  const ofTarget = timed.filter(({ group }) => group === targetPath);
  const evaluators = evaluatorNodes(cell, timed);
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
      ...spans.map(tracedNode),
      ...kept.map((call) => callNode(call, shown)),
    ],
    callsLeftOut: cell.calls.length - kept.length,
    spansLeftOut: (cell.spans?.length ?? 0) - spans.length + (cell.spansLeftOut ?? 0),
  };
}

/** What a later judgement of a cell adds to its trace. */
export interface Judgement {
  /** Part of its spans' ids, so that they are none of those that stand there. */
  readonly pass: number;
  readonly calls: readonly CallRecord[];
  readonly spans?: readonly TracedSpan[];
  readonly failures: readonly EvaluatorFailure[];
}

/** The evaluators of a judgement and their calls, to be put below the cell's root. */
export function judgementTree(cell: CellResult, judgement: Judgement, maxCalls: number): SpanTree {
  const { pass, calls, spans = [], failures } = judgement;
  // What was left out is said on the root, which stands there already.
  const { nodes, callsLeftOut, spansLeftOut } = spanTree(
    { ...cell, calls, spans, evaluatorFailures: failures },
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
    spansLeftOut,
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
    const group = call.purpose === 'target' ? targetPath : groupOf(call.path);
    return { call, path: count === 1 ? path : `${path}#${count}`, group };
  });
}

/** The path of the target's or the evaluator's span that a place is below. */
function groupOf(path: string): string {
  const [group = ''] = path.split('/');
  return group === '' || group === rootPath ? targetPath : group;
}

/** A call or a span, by what those above it need to know. */
type Timed = Pick<CallRecord, 'startedAt' | 'endedAt' | 'replayed'> & { readonly group: string };

function targetNode(cell: CellResult, below: readonly Timed[]): SpanNode {
  const live = below.filter(({ replayed }) => replayed !== true);
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

function evaluatorNodes(cell: CellResult, timed: readonly Timed[]): readonly SpanNode[] {
  const groups = new Map<string, Timed[]>();
  for (const each of timed) {
    if (each.group === targetPath) continue;
    const known = groups.get(each.group);
    if (known === undefined) groups.set(each.group, [each]);
    else known.push(each);
  }
  for (const { evaluator } of cell.evaluatorFailures) {
    const path = judgePath(evaluator);
    if (!groups.has(path)) groups.set(path, []);
  }
  return [...groups].map(([path, times]) => {
    const evaluator = path.slice(path.indexOf(':') + 1);
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

function tracedNode(span: TracedSpan): SpanNode {
  const { path, parent, startedAt, endedAt } = span;
  return { path, parent, start: startedAt, end: endedAt, shows: { kind: 'traced', span } };
}

function callNode({ call, path, group }: PlacedCall, shown: ReadonlySet<string>): SpanNode {
  return {
    path,
    // Where the span that it was made in is not shown, it stands below what that one stands below.
    parent: call.parent !== undefined && shown.has(call.parent) ? call.parent : group,
    start: call.startedAt,
    end: later(call.startedAt, call.endedAt),
    shows: { kind: 'call', call },
  };
}

// ISO texts in UTC with milliseconds sort as the times they name.
const earlier = (a: string, b: string): string => (a < b ? a : b);
const later = (a: string, b: string): string => (a > b ? a : b);
