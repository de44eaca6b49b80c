import type { CalibrationDocument } from '../../core/calibration/calibration-report.js';
import { calibrationFigures, figureTexts } from '../../core/calibration/markdown.js';
import { count, nOf } from '../../core/report/figures.js';
import type { Sink } from '../io/sink.js';
import { renderTable } from '../io/table.js';

/** A calibration for a terminal. */
export function calibrationText(document: CalibrationDocument, out: Sink): string {
  return document.judges
    .map((report) => {
      const { judge, counts } = report;
      const model = judge.model === null ? '' : ` (${judge.model})`;
      const left = (
        [
          ['abstained', counts.abstained],
          ['errors', counts.errors],
          ['not applicable', counts.notApplicable],
          ['not reached', counts.notReached],
          ['labels of another kind', counts.otherKind],
        ] as const
      ).flatMap(([what, n]) => (n === 0 ? [] : [`${count(n)} ${what}`]));
      const judged = `judged ${nOf(counts.judged, counts.planned)}`;
      const rows = calibrationFigures(report).map(({ name, figure, rate }) => {
        const { value, interval, n } = figureTexts(figure, rate);
        return [out.safe(name), out.safe(value), out.safe(n), out.safe(interval)];
      });
      return [
        `${out.colours.bold(out.safe(judge.name))}${out.safe(model)}: ${[judged, ...left].join(', ')}`,
        renderTable(
          [
            { heading: '' },
            { heading: 'value', align: 'right' },
            { heading: 'n', align: 'right' },
            { heading: '95 % interval' },
          ],
          rows,
        ),
      ].join('\n');
    })
    .join('\n\n');
}
