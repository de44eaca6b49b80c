import type { ExperimentView } from '../../client/experiments.js';
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
const barWidth = 24;

export const doneCells = (counts: CellCounts): number => counts.planned - counts.pending;
export const failedCells = (counts: CellCounts): number =>
  counts.target_error + counts.evaluator_error;

/** What the run is waiting for; undefined where it simply runs. */
export function waitingFor({ view, stillMs, silentMs }: ProgressFacts): string | undefined {
  if (silentMs >= silentAfterMs) {
    return `no answer from Postgres for ${duration(silentMs)}; the run itself goes on`;
  }
  switch (view.status) {
    case 'planning':
      return 'waiting for the plan: dataset, target and platform';
    case 'paused':
      return said(view) ?? 'paused';
    case 'running':
      if (view.waitingFor !== undefined) return said(view);
      return stillMs < stillAfterMs
        ? undefined
        : `no cell has ended for ${duration(stillMs)}: the model, its rate limit or a worker`;
    case 'publishing':
      return [
        ...view.publication.map(
          (each) =>
            `sending to ${each.platform}: ${count(each.sentTraces)} of ${count(each.expectedTraces)} traces, ` +
            `${count(each.sentScores)} of ${count(each.expectedScores)} scores`,
        ),
        ...(view.waitingFor === undefined ? [] : [`waits: ${said(view)}`]),
      ].join('; ');
    case 'verifying':
      return view.publication
        .map(
          (each) =>
            `reading back from ${each.platform}: ${count(each.verifiedTraces)} of ${count(each.expectedTraces)} traces, ` +
            `${count(each.verifiedScores)} of ${count(each.expectedScores)} scores`,
        )
        .join('; ');
    case 'completed':
    case 'completed_unverified':
    case 'cancelled':
    case 'failed':
      return undefined;
  }
}

/** The run's own words hold those of people and of other servers. */
const said = ({ waitingFor: words }: ProgressFacts['view']): string | undefined =>
  words === undefined ? undefined : terminalLine(words);

/** `120 of 204 cells (58.8 %), 31.2 cells/s, about 3 s left, 2 errors` */
function figuresOf({ view, perSecond, cost }: ProgressFacts): readonly string[] {
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
  if (counts.pending > 0 && perSecond !== undefined && perSecond > 0 && view.status === 'running') {
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
  return `${facts.view.status}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`;
}

/** The lines that are drawn over each other on a terminal, each no longer than it is wide. */
export function progressBlock(
  facts: ProgressFacts,
  terminal: { readonly columns: number; readonly colours: Colours },
): readonly string[] {
  const { colours, columns } = terminal;
  const { counts, status } = facts.view;
  const share = counts.planned === 0 ? 0 : doneCells(counts) / counts.planned;
  const filled = bar(share, barWidth);
  const rest = '·'.repeat(barWidth - filled.length);
  const head = `${status} `;
  const tail = ` ${figuresOf(facts).join(', ')}`;
  const room = columns - 1 - head.length - barWidth;
  const lines = [
    room < 12
      ? cut(`${head}${tail}`, columns - 1)
      : `${colours.bold(head)}${colours.green(filled)}${colours.dim(rest)}${cut(tail, room)}`,
  ];
  const waiting = waitingFor(facts);
  if (waiting !== undefined) lines.push(colours.dim(cut(`  ${waiting}`, columns - 1)));
  return lines;
}

// A line that wraps would be drawn twice: the cursor goes up by the lines that were written, not by those on screen.
function cut(text: string, room: number): string {
  return text.length <= room ? text : `${text.slice(0, Math.max(0, room - 1))}…`;
}
