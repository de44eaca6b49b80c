import type { ExperimentView } from '../../client/experiment-view.js';
import { sampleText } from '../../core/experiment/sample-text.js';
import { count } from '../../core/report/figures.js';

/** What part of its dataset a run is; undefined where nobody asked for one. Not escaped. */
export function sampleLine(sample: ExperimentView['sample']): string | undefined {
  if (sample === undefined) return undefined;
  return sampleText({ items: sample.items, sample: sample.drawn, asked: sample.asked });
}

/** The dataset of a run in a table: a sample shows that it is one. Not escaped. */
export function datasetText({ dataset, sample }: ExperimentView): string {
  if (sample?.drawn === undefined) return dataset;
  return `${dataset} (${count(sample.items)} of ${count(sample.drawn.of)})`;
}

/** Where nothing was taken over: what would have had to be the same. */
const whyNothing =
  'no earlier cell that ended ok had the same target, input and repetition. A prompt counts with its text, model and ' +
  'parameters; a function with every module of the config, so an edit in any of them makes it another one';

/** What a run took over; undefined where nobody asked for it. Not escaped. */
export function reuseLine({ reuse, counts }: ExperimentView): string | undefined {
  if (reuse === undefined) return undefined;
  const cells = `${count(reuse.cells)} of ${count(counts.planned)} cells taken over from earlier runs`;
  const { details } = reuse;
  if (reuse.cells === 0 && counts.pending === 0) return `${cells}: ${whyNothing}`;
  if (details === undefined || details.cells === 0) return cells;
  const from = details.sources.map(({ experiment, cells: n }) => `${experiment} (${count(n)})`);
  const judged = details.evaluators
    .filter((each) => each.judged > 0)
    .map(({ name, judged: n }) => `${name} judged ${count(n)} of them anew`);
  return [`${cells}: ${from.join(', ')}`, ...judged].join('; ');
}
