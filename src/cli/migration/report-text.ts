import type { MoveFigures, MoveReason, MoveReport } from '../../contracts/platform-migration.js';
import { leftOf } from '../../core/migration/parity.js';
import { countOf, kindNames, verdicts } from '../../core/migration/report-markdown.js';
import { renderTable, type Column } from '../io/table.js';
import type { Sink } from '../io/sink.js';

/** Reasons that are named; the rest is counted. */
const shownReasons = 20;

/**
 * The report of a move for a terminal, as plain text. Without the error of one that failed: whoever shows the report reports that
 * as errors are reported, with its mend.
 */
export function moveReportText(report: MoveReport, { safe }: Pick<Sink, 'safe'>): string {
  const { source, target, kinds, waiting, resends } = report;
  const sides = [source, target].flatMap((side) =>
    side === undefined
      ? []
      : [
          `${side === source ? 'From' : 'To  '} ${side.platform} ${safe(side.version)}, project "${safe(side.projectName)}" at ${safe(side.url)}`,
        ],
  );
  return [
    `${titleOf(report)}: ${verdicts[report.status]}`,
    ...(resends === 0
      ? []
      : [`${resends} requests without an answer were sent again after a search.`]),
    ...(waiting === undefined ? [] : [`It waits: ${safe(waiting)}`]),
    ...sides,
    ...(kinds.length === 0 ? [] : ['', tableOf(report)]),
    ...kinds.flatMap((kind) => [
      ...reasonLines(`Differing ${kindNames[kind.kind]}`, kind.differing, safe),
      ...reasonLines(`Left ${kindNames[kind.kind]}`, kind.left, safe),
      ...reasonLines(`Not carried of ${kindNames[kind.kind]}`, kind.notCarried, safe),
    ]),
    ...(report.dryRun && kinds.some(({ kind }) => kind === 'trace')
      ? [
          '',
          'Attachments and events of runs cannot be carried either; they are counted when the runs are read.',
        ]
      : []),
  ].join('\n');
}

/** The name of a move; its direction only where the name does not say it already. */
export const titleOf = ({ name, direction }: Pick<MoveReport, 'name' | 'direction'>): string =>
  name.startsWith(direction) ? name : `${name} (${direction})`;

type Row = readonly [heading: string, value: (kind: MoveFigures) => number];

function tableOf({ dryRun, kinds }: MoveReport): string {
  const rows: readonly Row[] = dryRun
    ? [
        ['found', ({ found }) => found],
        ['would be carried', (kind) => kind.found - leftOf(kind)],
        ['would be left', leftOf],
      ]
    : [
        ['found', ({ found }) => found],
        ['written', ({ written }) => written],
        ['stood there', ({ stood }) => stood],
        ['verified', ({ verified }) => verified],
        ['left', leftOf],
        ['differing', ({ differing }) => countOf(differing)],
      ];
  const columns: readonly Column[] = [
    { heading: '' },
    ...rows.map(([heading]): Column => ({ heading, align: 'right' })),
  ];
  return renderTable(
    columns,
    kinds.map((kind) => [kindNames[kind.kind], ...rows.map(([, value]) => String(value(kind)))]),
  );
}

function reasonLines(
  title: string,
  reasons: readonly MoveReason[],
  safe: Sink['safe'],
): readonly string[] {
  if (reasons.length === 0) return [];
  const rest = reasons.slice(shownReasons);
  return [
    '',
    `${title}:`,
    ...reasons
      .slice(0, shownReasons)
      .map(
        ({ reason, count, names }) =>
          `  ${count} × ${safe(reason)}: ${names.map(safe).join(', ')}${count > names.length ? ', …' : ''}`,
      ),
    ...(rest.length === 0 ? [] : [`  and ${countOf(rest)} for ${rest.length} other reasons`]),
  ];
}
