import type { MovedKind, MoveReason, MoveReport } from '../../contracts/platform-migration.js';
import { markdownCode, markdownText } from '../text/escape/markdown.js';
import { leftOf } from './parity.js';

/** What people call the kinds. */
export const kindNames: Readonly<Record<MovedKind, string>> = {
  dataset: 'datasets',
  item: 'dataset items',
  prompt: 'prompts',
  prompt_version: 'prompt versions',
  prompt_label: 'prompt labels',
  experiment: 'experiments',
  project: 'projects',
  trace: 'traces',
  score: 'scores',
};

const verdicts: Readonly<Record<MoveReport['status'], string>> = {
  running: 'It is under way.',
  planned: 'A dry run: nothing was written to the target.',
  verified: 'All that was carried reads back equal.',
  differs: 'Both sides differ: see below.',
  cancelled: 'It was cancelled, and goes on where it stands when it is started again.',
  failed: 'It failed, and goes on where it stands when it is started again.',
};

/** Reasons that are named; the rest is counted. */
const shownReasons = 20;

/** The report of a move for people. Names and reasons are foreign text. */
export function moveReportMarkdown(report: MoveReport): string {
  const { name, direction, dryRun, status, source, target, kinds, error, waiting, resends } =
    report;
  const sides = [source, target].flatMap((side) =>
    side === undefined
      ? []
      : [
          `- ${side === source ? 'From' : 'To'} ${side.platform} ${markdownText(side.version)}, project ${markdownCode(side.projectName)} at ${markdownText(side.url)}`,
        ],
  );
  return [
    `# ${direction}: ${markdownCode(name)}`,
    '',
    `${verdicts[status]}${resends === 0 ? '' : ` ${resends} requests without an answer were sent again after a search.`}`,
    ...(waiting === undefined ? [] : ['', `It waits: ${markdownText(waiting)}`]),
    ...(error === undefined ? [] : ['', `${error.code}: ${markdownText(error.message)}`]),
    '',
    ...sides,
    '',
    ...(dryRun ? planTable(kinds) : figuresTable(kinds)),
    ...kinds.flatMap((kind) => [
      ...reasonLines(`Differing ${kindNames[kind.kind]}`, kind.differing),
      ...reasonLines(`Left ${kindNames[kind.kind]}`, kind.left),
      ...reasonLines(`Not carried of ${kindNames[kind.kind]}`, kind.notCarried),
    ]),
    ...(dryRun && kinds.some(({ kind }) => kind === 'trace')
      ? [
          '',
          'Attachments and events of runs cannot be carried either; they are counted when the runs are read.',
        ]
      : []),
    '',
  ].join('\n');
}

/** What a move would find: there is nothing else to tell of it yet. */
const planTable = (kinds: MoveReport['kinds']): readonly string[] => [
  '| | found | would be carried | would be left |',
  '| --- | ---: | ---: | ---: |',
  ...kinds.map(
    (kind) =>
      `| ${kindNames[kind.kind]} | ${kind.found} | ${kind.found - leftOf(kind)} | ${leftOf(kind)} |`,
  ),
];

const figuresTable = (kinds: MoveReport['kinds']): readonly string[] => [
  '| | found | written | stood there | verified | left | differing |',
  '| --- | ---: | ---: | ---: | ---: | ---: | ---: |',
  ...kinds.map(
    (kind) =>
      `| ${kindNames[kind.kind]} | ${kind.found} | ${kind.written} | ${kind.stood} | ${kind.verified} | ${leftOf(kind)} | ${countOf(kind.differing)} |`,
  ),
];

const countOf = (reasons: readonly MoveReason[]): number =>
  reasons.reduce((sum, { count }) => sum + count, 0);

function reasonLines(title: string, reasons: readonly MoveReason[]): readonly string[] {
  if (reasons.length === 0) return [];
  const rest = reasons.slice(shownReasons);
  return [
    '',
    `## ${title}`,
    '',
    ...reasons
      .slice(0, shownReasons)
      .map(
        ({ reason, count, names }) =>
          `- ${count} × ${markdownText(reason)}: ${names.map(markdownCode).join(', ')}${count > names.length ? ', …' : ''}`,
      ),
    ...(rest.length === 0 ? [] : [`- and ${countOf(rest)} for ${rest.length} other reasons`]),
  ];
}
