import type { ExperimentView } from '../../client/experiment-view.js';
import type { CellCounts } from '../../contracts/records.js';
import { terminalLine } from '../../core/text/escape/terminal.js';
import { bar, count, counted, duration, figure, percent } from '../../core/report/figures.js';
import type { Colours } from '../io/sink.js';

/** What is known of a run at a moment. */
export interface ProgressFacts {
  readonly view: ExperimentView;
  /** Cells a second; undefined while it is too early to say. */
  readonly perSecond: number | undefined;
  /** Since a cell last ended, or since the watching began. */
  readonly stillMs: number;
  /** Since the store last answered. */
  readonly silentMs: number;
  /** What it has cost so far; absent where nobody knows. */
  readonly cost?: string | undefined;
}

/** A look comes every second; several that fail in a row are worth a word. */
const silentAfterMs = 5_000;
const stillAfterMs = 15_000;
const leastStillMs = 3_000;
const widestBar = 24;
/** A bar shorter than this says nothing that the figures beside it do not. */
const leastBar = 6;

/** Cells that ran to their end. One that was skipped never ran: a cancelled run is not done to 100 %. */
export const doneCells = (counts: CellCounts): number =>
  counts.planned - counts.pending - counts.skipped;
export const failedCells = (counts: CellCounts): number =>
  counts.target_error + counts.evaluator_error;

/**
 * Whether no cell has ended for longer than is usual at the rate that it had: a worker that is lost shows as a silence, and
 * figures from before it would promise an end that does not come.
 */
function standsStill({ perSecond, stillMs }: ProgressFacts): boolean {
  if (perSecond === undefined || perSecond <= 0) return stillMs >= stillAfterMs;
  // Ten times as long as the mean between two cells: with exponential gaps that comes once in 20,000 cells.
  return stillMs >= Math.min(stillAfterMs, Math.max(leastStillMs, 10_000 / perSecond));
}

/** Where the run stands. Another look at a platform sends nothing, although it goes through the phase that would. */
function phaseOf(view: ExperimentView): ExperimentView['status'] {
  if (view.status !== 'publishing' || view.pass?.kind !== 'verify') return view.status;
  const sent = view.publication.every(
    (each) => each.sentTraces >= each.expectedTraces && each.sentScores >= each.expectedScores,
  );
  return sent ? 'verifying' : view.status;
}

/** What the run is waiting for; undefined where it simply runs. */
export function waitingFor(facts: ProgressFacts): string | undefined {
  const { view, stillMs, silentMs } = facts;
  if (silentMs >= silentAfterMs) {
    return `no answer from Postgres for ${duration(silentMs)}; the run itself goes on`;
  }
  switch (phaseOf(view)) {
    case 'planning':
      return said(view) ?? 'waiting for the plan: dataset, target and platform';
    case 'paused':
      return said(view) ?? 'paused';
    case 'running':
      if (view.waitingFor !== undefined) return said(view);
      return standsStill(facts)
        ? `no cell has ended for ${duration(stillMs)}: the model, its rate limit or a lost worker`
        : undefined;
    case 'publishing':
      return joined([
        ...view.publication.map(
          (each) =>
            `sending to ${each.platform}: ${count(each.sentTraces)} of ${count(each.expectedTraces)} traces, ` +
            `${count(each.sentScores)} of ${count(each.expectedScores)} scores`,
        ),
        ...(view.waitingFor === undefined ? [] : [`waits: ${said(view)}`]),
      ]);
    case 'verifying':
      return joined(
        view.publication.map(
          (each) =>
            `reading back from ${each.platform}: ${count(each.verifiedTraces)} of ${count(each.expectedTraces)} traces, ` +
            `${count(each.verifiedScores)} of ${count(each.expectedScores)} scores`,
        ),
      );
    case 'completed':
    case 'completed_unverified':
    case 'cancelled':
    case 'failed':
      return undefined;
  }
}

/** A run that had come to no platform yet when it was ended has none to tell of. */
const joined = (parts: readonly string[]): string | undefined =>
  parts.length === 0 ? undefined : parts.join('; ');

/** The run's own words hold those of people and of other servers. */
const said = ({ waitingFor: words }: ProgressFacts['view']): string | undefined =>
  words === undefined ? undefined : terminalLine(words);

/** `120 of 204 cells (58.8 %), 31.2 cells/s, about 3 s left, 2 errors` */
function figuresOf(facts: ProgressFacts): readonly string[] {
  const { view, perSecond, cost } = facts;
  const { counts } = view;
  const done = doneCells(counts);
  const failed = failedCells(counts);
  const parts: string[] = [];
  // Cells are still being written down: a share of them says nothing.
  if (view.status === 'planning')
    return counts.planned === 0 ? [] : [`${counted(counts.planned, 'cell')} so far`];
  // A judgement ends no cell, so that the cells' own counts stand still.
  if (view.pass?.kind === 'rejudge') {
    parts.push(`${count(view.pass.done)} of ${counted(view.pass.cells, 'cell')} judged again`);
  } else if (counts.planned > 0) {
    parts.push(
      `${count(done)} of ${counted(counts.planned, 'cell')} (${percent(done / counts.planned)})`,
    );
  }
  const runs = view.status === 'running' && counts.pending > 0 && !standsStill(facts);
  if (runs && perSecond !== undefined && perSecond > 0) {
    parts.push(
      `${figure(Number(perSecond.toFixed(1)))} cells/s`,
      `about ${timeLeft(counts.pending / perSecond)} left`,
    );
  }
  if (cost !== undefined) parts.push(cost);
  if (failed > 0) parts.push(counted(failed, 'error'));
  if (counts.skipped > 0) parts.push(`${count(counts.skipped)} skipped`);
  return parts;
}

// Tenths of a second would only flicker.
const timeLeft = (seconds: number): string =>
  seconds < 60 ? `${Math.max(1, Math.round(seconds))} s` : duration(seconds * 1_000);

/** One line for a log. */
export function progressLine(facts: ProgressFacts): string {
  const waiting = waitingFor(facts);
  const parts = [...figuresOf(facts), ...(waiting === undefined ? [] : [waiting])];
  return `${phaseOf(facts.view)}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`;
}

/** The lines that are drawn over each other on a terminal, each no longer than it is wide. */
export function progressBlock(
  facts: ProgressFacts,
  terminal: { readonly columns: number; readonly colours: Colours },
): readonly string[] {
  const { colours, columns } = terminal;
  const { counts } = facts.view;
  const share = counts.planned === 0 ? 0 : doneCells(counts) / counts.planned;
  const head = `${phaseOf(facts.view)} `;
  const tail = ` ${figuresOf(facts).join(', ')}`;
  const room = columns - 1 - head.length;
  // The bar gives way first: it repeats what the figures say, and the time that is left stands last.
  const width = Math.min(widestBar, room - tail.length);
  const filled = bar(share, Math.max(0, width));
  const rest = '·'.repeat(Math.max(0, width - filled.length));
  const lines = [
    width < leastBar
      ? `${colours.bold(head)}${cut(tail.trimStart(), room)}`
      : `${colours.bold(head)}${colours.green(filled)}${colours.dim(rest)}${tail}`,
  ];
  const waiting = waitingFor(facts);
  if (waiting !== undefined) lines.push(colours.dim(cut(`  ${waiting}`, columns - 1)));
  return lines;
}

// A line that wraps would be drawn twice: the cursor goes up by the lines that were written, not by those on screen.
function cut(text: string, room: number): string {
  return text.length <= room ? text : `${text.slice(0, Math.max(0, room - 1))}…`;
}
