import type { RunScore } from '../../contracts/publication.js';
import { figure } from '../report/figures.js';
import type { GateReport } from './gate-report.js';
import { verdictScoreName } from './verdict-name.js';

/**
 * A verdict as scores of the head's run as a whole: the verdict itself with its reasons, and for each evaluator the estimated
 * difference, higher being better. They stand on the first repetition's run: the verdict is one on all of them.
 */
export function verdictScores(report: GateReport): readonly RunScore[] {
  const { comparison, base, head } = report;
  const against = `${head.run} against ${base.kind === 'baseline' ? 'the baseline' : 'the run'} ${base.name}`;
  const passed = comparison.evaluators.filter(({ verdict }) => verdict === 'pass');
  const failed = comparison.evaluators.filter(({ verdict }) => verdict === 'regress');
  return [
    {
      repetition: 1,
      name: verdictScoreName,
      evaluator: verdictScoreName,
      value: report.verdict,
      comment: {
        passed_items: passed.map(({ name }) => name),
        failed_items: failed.map(({ name }) => name),
        reasoning: [`${against}.`, ...comparison.reasons, ...report.notes].join(' '),
        suggestions: [],
      },
    },
    ...comparison.evaluators.flatMap(({ name, estimate, interval, margin, verdict, reason }) =>
      estimate === null
        ? []
        : [
            {
              repetition: 1,
              name: `${verdictScoreName}.${name}`,
              evaluator: verdictScoreName,
              value: estimate,
              comment: {
                passed_items: [],
                failed_items: [],
                reasoning: [
                  `${verdict}: head − base, higher is better; ${against}.`,
                  ...(interval === null
                    ? []
                    : [
                        `${figure(interval.confidence * 100)} % interval ${figure(interval.low)} to ${figure(interval.high)}.`,
                      ]),
                  ...(margin === null ? [] : [`Margin ${figure(margin)}.`]),
                  reason,
                ].join(' '),
                suggestions: [],
              },
            },
          ],
    ),
  ];
}
