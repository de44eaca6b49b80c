import type { CellCounts, ExperimentStatus, PublicationCounts } from '../../contracts/records.js';

/** What the Temporal UI shows of a run at a moment. */
export interface Story {
  readonly summary: string;
  readonly status: ExperimentStatus;
  readonly counts: CellCounts | undefined;
  readonly publications: readonly PublicationCounts[];
  /** Why the run waits, if it does: a rate limit, a platform that is away. */
  readonly waitingFor: string | undefined;
  readonly note: string | undefined;
}

const share = (n: number, of: number): string =>
  of === 0 ? '0 %' : `${((100 * n) / of).toFixed(1)} %`;

// Names and the words of other servers reach this text; the UI renders markdown, so what could be markup is made inert,
// and a line end would begin a block of its own.
const inert = (text: string): string =>
  text.replace(/[\\`*_{}[\]()<>#+!|~]/g, '\\$&').replace(/\s+/g, ' ');

/** The story of a run as markdown for the Temporal UI's current details. */
export function tellStory(story: Story): string {
  const { counts } = story;
  const lines = [
    `**${inert(story.summary)}**`,
    '',
    `Status: **${story.status.replace('_', ' ')}**`,
  ];
  if (story.waitingFor !== undefined) lines.push('', `Waiting: ${inert(story.waitingFor)}`);
  if (counts !== undefined) {
    const done = counts.planned - counts.pending;
    lines.push(
      '',
      `Cells: ${done} of ${counts.planned} done (${share(done, counts.planned)})`,
      '',
      '| ok | target error | evaluator error | skipped | pending |',
      '| --- | --- | --- | --- | --- |',
      `| ${counts.ok} | ${counts.target_error} | ${counts.evaluator_error} | ${counts.skipped} | ${counts.pending} |`,
    );
  }
  for (const each of story.publications) {
    lines.push(
      '',
      `On ${inert(each.platform)}: ${each.verifiedTraces} of ${each.expectedTraces} traces and ` +
        `${each.verifiedScores} of ${each.expectedScores} scores read back; ` +
        `${each.duplicateSpans} duplicate spans, ${each.ambiguousResends} ambiguous resends`,
    );
  }
  if (story.note !== undefined) lines.push('', inert(story.note));
  return lines.join('\n');
}
