import { markdownCode } from '../../text/escape/markdown.js';
import { counted, nOf } from '../figures.js';
import type { ReportModel, ReportPass } from '../report-model.js';
import { blocks } from './table.js';

/** What was done to the run after its end: figures are of the last state, and this says how it came about. */
export function passSection({ run }: ReportModel): readonly string[] {
  if (run.passes.length === 0) return [];
  return blocks(
    ['## What was done after its end'],
    ['All figures are of the cells as they are now.'],
    run.passes.map(
      (pass) => `- Pass ${pass.pass}, ${moment(pass.startedAt)}: ${what(pass)}${how(pass)}`,
    ),
  );
}

const moment = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;

function what(pass: ReportPass): string {
  const { cells, done } = pass;
  switch (pass.kind) {
    case 'retry':
      return `${done === cells ? counted(cells, 'failed cell') : `${nOf(done, cells)} failed cells`} retried`;
    case 'rejudge':
      return `${done === cells ? counted(cells, 'cell') : `${nOf(done, cells)} cells`} judged again by ${pass.evaluators.map(judge).join(', ')}`;
    case 'extend':
      return `repetitions raised from ${pass.repetitions?.before ?? '?'} to ${pass.repetitions?.after ?? '?'} (${done === cells ? counted(cells, 'cell') : `${nOf(done, cells)} cells`} run)`;
    case 'verify':
      return pass.repaired
        ? 'the platforms were read again, and what they did not show was sent again'
        : 'the platforms were read again';
  }
}

function judge({ name, before, after }: ReportPass['evaluators'][number]): string {
  const was =
    before === null ? 'new' : before === after ? 'unchanged' : `${before.slice(0, 8)} before`;
  return `${markdownCode(name)} (${after.slice(0, 8)}, ${was})`;
}

function how(pass: ReportPass): string {
  const { statusBefore, statusAfter, deleted, notDeleted } = pass;
  const gone =
    deleted + notDeleted === 0
      ? ''
      : `; ${nOf(deleted, deleted + notDeleted)} replaced records deleted on the platforms`;
  const status = statusBefore === statusAfter ? statusAfter : `${statusBefore} → ${statusAfter}`;
  return `${gone}; ${status.replaceAll('_', ' ')}.`;
}
