import { isFinalStatus } from '../../experiment/naming.js';
import { sampleText } from '../../experiment/sample-text.js';
import { formatPico, picoFromDollars } from '../../money/pico.js';
import { count, counted, duration, nOf, percent, percentInterval } from '../figures.js';
import type { Finding, ReportCells, ReportModel } from '../report-model.js';
import { noneOkText } from '../none-ok.js';
import { intervalLine, partsBar } from './charts.js';
import { verdicts } from './verdicts.js';
import { html, joined, type Content, type Markup } from './markup.js';
import { link, name, prose } from './pieces.js';

const statuses = {
  planning: { words: 'planning', tone: 'warn' },
  running: { words: 'running', tone: 'warn' },
  paused: { words: 'paused', tone: 'warn' },
  publishing: { words: 'publishing', tone: 'warn' },
  verifying: { words: 'verifying', tone: 'warn' },
  completed: { words: '✓ completed', tone: 'good' },
  completed_unverified: { words: '! completed, not everything verified', tone: 'warn' },
  cancelled: { words: '■ cancelled', tone: 'warn' },
  failed: { words: '✗ failed', tone: 'bad' },
} as const;

/** The first screen: what was run, how it went, and what stands out. */
export function heroSection(model: ReportModel): Markup {
  const { run } = model;
  const status =
    noneOkText(model) === undefined
      ? statuses[run.status]
      : { words: '✗ completed, no cell ok', tone: 'bad' };
  return html`<section class="hero" id="summary" aria-labelledby="summary-title">
    <div>
      <p class="eyebrow">Experiment report</p>
      <div class="title">
        <h1 id="summary-title" dir="auto">${run.experiment}</h1>
        <span class="pill ${status.tone}">${status.words}</span>
      </div>
    </div>
    ${run.description === null ? null : html`<p class="lead" dir="auto">${run.description}</p>`}
    ${facts(model)} ${notices(model)} ${cards(model)} ${cellsBar(model.cells)}
    ${findingsList(model.findings)} ${links(model)}
  </section> `;
}

function facts({ run }: ReportModel): Markup {
  const { target, dataset } = run;
  const kind =
    target.kind === 'prompt'
      ? html` on ${name(target.model.model)}`
      : target.kind === 'http'
        ? ' (HTTP endpoint)'
        : ' (function)';
  const times = run.repetitions === 1 ? '' : ` × ${run.repetitions} repetitions`;
  return html`<p class="facts">
    <span>Target <b>${prose(target.name)}</b>${kind}</span>
    <span>Dataset <b>${prose(dataset.name)}</b>, ${counted(dataset.items, 'item')}${times}</span>
    <span
      >Judged by
      ${
        run.evaluators.length === 0
          ? 'nothing'
          : joined(
              run.evaluators.slice(0, 8).map((each) => html`<b>${prose(each.name)}</b>`),
              ', ',
            )
      }${run.evaluators.length > 8 ? ` and ${run.evaluators.length - 8} more` : null}</span
    >
    <span
      ><time datetime="${run.startedAt}">${moment(run.startedAt)}</time>,
      ${duration(run.durationMs)}</span
    >
  </p>`;
}

/** As people write it, in UTC: a report is read in many places. */
export function moment(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}

function notices({ run, cells, reuse }: ReportModel): readonly Content[] {
  const { items, sample, sampleAsked } = run.dataset;
  const quick = sampleText({ items, sample, asked: sampleAsked });
  const ended = nOf(cells.planned - cells.pending, cells.planned);
  return [
    run.error === null
      ? null
      : html`<p class="notice bad">
          <b>${prose(run.error.title)}</b> — ${prose(run.error.message)}
        </p>`,
    isFinalStatus(run.status)
      ? null
      : html`<p class="notice">
          <b>Not the end:</b> ${ended} planned cells had ended when this was made.
        </p>`,
    quick === undefined ? null : html`<p class="notice"><b>Quick mode:</b> ${prose(quick)}.</p>`,
    reuse === null || reuse.cells === 0
      ? null
      : html`<p class="note">
          <a href="#reuse"
            >${nOf(reuse.cells, cells.planned)} planned cells were taken over from earlier runs.</a
          >
        </p>`,
  ];
}

function cards(model: ReportModel): Markup {
  const { cells, overall, latencyMs, calls, comparison } = model;
  const { costKnown, costUnknown, costDollars } = calls.total;
  return html`<dl class="cards">
    ${comparison === null ? null : verdictCard(comparison)}
    ${
      overall === null
        ? null
        : html`<div class="card">
            <dt>Passed every required score</dt>
            <dd>
              ${percent(overall.rate)}
              <div class="under">
                ${nOf(overall.passed, overall.n)} graded cells; 95 %:
                ${percentInterval(overall.interval)}
              </div>
              ${intervalLine({
                value: overall.rate,
                interval: overall.interval,
                scale: [0, 1],
                label: `${percent(overall.rate)}, between ${percentInterval(overall.interval)}`,
              })}
            </dd>
          </div>`
    }
    <div class="card">
      <dt>Cells without an error</dt>
      <dd>
        ${count(cells.ok)}
        <div class="under">of ${count(cells.planned)} planned${notOk(cells)}</div>
      </dd>
    </div>
    ${
      latencyMs === null
        ? null
        : html`<div class="card">
            <dt>Latency of the target</dt>
            <dd>
              ${duration(latencyMs.p50)}
              <div class="under">median; p95 ${duration(latencyMs.p95)}</div>
            </dd>
          </div>`
    }
    ${
      calls.total.calls === 0
        ? null
        : html`<div class="card">
            <dt>Cost</dt>
            <dd>
              ${costKnown === 0 ? 'unknown' : formatPico(picoFromDollars(costDollars))}
              <div class="under">
                ${counted(calls.total.calls, 'call')}${
                  costUnknown === 0 ? null : `; ${counted(costUnknown, 'price')} unknown`
                }
              </div>
            </dd>
          </div>`
    }
  </dl>`;
}

function verdictCard({ base, result, before }: NonNullable<ReportModel['comparison']>): Markup {
  const { sign, words, tone } = verdicts[result.verdict];
  return html`<div class="card">
    <dt>Against the baseline</dt>
    <dd>
      <span class="said ${tone}">${sign} ${words}</span>
      <div class="under">
        <a href="#comparison">${prose(base.baseline ?? base.experiment)}</a>${
          before === undefined ? null : `, of the scores before pass ${before.pass}`
        }
      </div>
    </dd>
  </div>`;
}

function notOk(cells: ReportCells): string {
  const parts = [
    ...(cells.target_error > 0 ? [counted(cells.target_error, 'target error')] : []),
    ...(cells.evaluator_error > 0 ? [counted(cells.evaluator_error, 'evaluator error')] : []),
    ...(cells.skipped > 0 ? [`${count(cells.skipped)} skipped`] : []),
    ...(cells.pending > 0 ? [`${count(cells.pending)} pending`] : []),
  ];
  return parts.length === 0 ? '' : `; ${parts.join(', ')}`;
}

function cellsBar(cells: ReportCells): Markup {
  return partsBar('All planned cells', [
    { label: 'passed', n: cells.passed, tone: 'good' },
    { label: 'with a failed required score', n: cells.notPassed, tone: 'bad' },
    { label: 'without a required score that can fail', n: cells.ungraded, tone: 'idle' },
    { label: 'target errors', n: cells.target_error, tone: 'error' },
    { label: 'evaluator errors', n: cells.evaluator_error, tone: 'warn' },
    { label: 'skipped', n: cells.skipped, tone: 'quiet' },
    { label: 'without an outcome', n: cells.pending, tone: 'quiet' },
  ]);
}

function findingsList(findings: readonly Finding[]): Content {
  if (findings.length === 0) return null;
  return html`<div class="sub">
    <h2 class="small">What stands out</h2>
    <ul class="findings">
      ${findings.map(
        (finding) =>
          html`<li>
            <span class="sign" aria-hidden="true"
              >${finding.kind === 'publication' || finding.kind === 'error' ? '!' : '▸'}</span
            ><span>${sentence(finding)}</span>
          </li>`,
      )}
    </ul>
  </div>`;
}

function sentence(finding: Finding): Markup {
  switch (finding.kind) {
    case 'field': {
      const { field, value, score, here, elsewhere } = finding;
      return html`Where ${name(field)} is ${name(value)}, ${name(score)} passes
        <b>${percent(here.rate)}</b> (${nOf(here.passed, here.n)}), elsewhere
        <b>${percent(elsewhere.rate)}</b> (${nOf(elsewhere.passed, elsewhere.n)}).`;
    }
    case 'pair':
      return html`<b>${nOf(finding.n, finding.of)}</b> mistakes of ${name(finding.score)} are
        ${name(finding.expected)} taken for ${name(finding.got)}.`;
    case 'publication':
      return html`${name(finding.platform)} shows
        <b>${nOf(finding.verified, finding.expected)}</b> expected ${finding.what}.`;
    case 'criterion':
      return html`${name(finding.evaluator)} names “${prose(finding.text)}” as failed in
        <b>${nOf(finding.n, finding.of)}</b> cells that it scored.`;
    case 'error': {
      const who =
        finding.phase === 'evaluator'
          ? html`the evaluator ${name(finding.evaluator ?? '?')}`
          : finding.phase === 'target'
            ? 'the target'
            : 'skipping';
      return html`<b>${nOf(finding.n, finding.of)}</b> planned cells met ${name(finding.code)} from
        ${who}.`;
    }
  }
}

function links({ run }: ReportModel): Content {
  const all = [
    ...run.platforms.flatMap(({ platform, runs }) =>
      runs.flatMap((each) =>
        each.url === undefined ? [] : [{ label: `${platform}: ${each.name}`, url: each.url }],
      ),
    ),
    ...run.links,
  ].slice(0, 40);
  if (all.length === 0) return null;
  return html`<p class="links">${all.map(({ label, url }) => link(prose(label), url))}</p>`;
}
