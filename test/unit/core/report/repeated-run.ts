import type { ReportCell, ReportHeader } from '../../../../src/core/report/report-input.js';
import { sampleCells, sampleHeader } from './sample-run.js';

/** The sample run with three repetitions of 40 items, which do not always agree. */

const items = 40;
const repetitions = 3;

export const repeatedHeader: ReportHeader = {
  ...sampleHeader,
  manifest: {
    ...sampleHeader.manifest,
    dataset: { ...sampleHeader.manifest.dataset, items },
    repetitions,
  },
  planned: items * repetitions,
};

/** Each item takes the outcome of another ticket in every repetition; some are the same in all. */
export function repeatedCells(): readonly ReportCell[] {
  const tickets = sampleCells();
  return tickets.slice(0, items).flatMap((first, i) =>
    Array.from({ length: repetitions }, (_, r): ReportCell => {
      const from = i % 2 === 0 ? first : (tickets[i + r * 40] ?? first);
      return {
        ...from,
        cellId: `cell-${i}-${r}`,
        itemId: first.itemId,
        item: first.item,
        repetition: r + 1,
      };
    }),
  );
}
