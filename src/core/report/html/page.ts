import { createHash } from 'node:crypto';

import { escapeHtml } from '../../text/escape/html.js';
import { count } from '../figures.js';
import type { ReportModel } from '../report-model.js';
import { comparisonSection } from './comparison.js';
import { costSection } from './cost.js';
import { errorSection } from './errors.js';
import { failureSection } from './failures.js';
import { heroSection, moment } from './hero.js';
import { flakySection, worstSection } from './items.js';
import { judgeSection } from './judges.js';
import { manifestSection } from './manifest.js';
import { html, Markup, type Content } from './markup.js';
import { passSection, publicationSection, reuseSection } from './provenance.js';
import { confusionSection, scoreSection } from './scores.js';
import { script } from './script.js';
import { sliceSection } from './slices.js';
import { style } from './style.js';

/**
 * The report as one HTML file (UTF-8) that asks nobody for anything: style, script and charts stand in it, and its own policy
 * (CSP by hash) forbids everything else, so that it can be opened from a disk or a mail. All texts of users, models and
 * platforms are escaped and none reaches the script. However large the run, at most 200 failed cells, 50 worst and 50 flaky
 * items are listed, and each list says of how many.
 */
export function renderHtml(model: ReportModel): string {
  const { run } = model;
  const sections = pageSections(model).filter(({ content }) => isThere(content));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="Assay">
<title>${escapeHtml(run.experiment)} — experiment report</title>
<link rel="icon" href="${icon}">
<style>${style}</style>
</head>
<body>
${String(body(model, sections))}
<script>${script}</script>
</body>
</html>
`;
}

interface PageSection {
  readonly id: string;
  readonly title: string;
  readonly n?: number;
  readonly content: Content;
}

function pageSections(model: ReportModel): readonly PageSection[] {
  const { failures, errors, flaky, worstItems } = model;
  return [
    { id: 'summary', title: 'Summary', content: heroSection(model) },
    { id: 'comparison', title: 'Against the baseline', content: comparisonSection(model) },
    { id: 'scores', title: 'Scores', content: scoreSection(model) },
    { id: 'labels', title: 'Labels', content: confusionSection(model) },
    { id: 'judges', title: 'The judges', content: judgeSection(model) },
    { id: 'slices', title: 'Results by field', content: sliceSection(model) },
    { id: 'failures', title: 'Failures', n: failures.cells, content: failureSection(model) },
    { id: 'errors', title: 'Errors', n: errors.length, content: errorSection(model) },
    { id: 'worst', title: 'Worst items', n: worstItems.length, content: worstSection(model) },
    { id: 'flaky', title: 'Flaky items', n: flaky?.mixed ?? 0, content: flakySection(model) },
    { id: 'cost', title: 'Latency and cost', content: costSection(model) },
    { id: 'reuse', title: 'Taken over', content: reuseSection(model) },
    { id: 'platforms', title: 'On the platforms', content: publicationSection(model) },
    { id: 'passes', title: 'After its end', content: passSection(model) },
    { id: 'manifest', title: 'What was run', content: manifestSection(model) },
  ];
}

const isThere = (content: Content): boolean =>
  content !== null && content !== undefined && content !== false;

function body(model: ReportModel, sections: readonly PageSection[]): Markup {
  const { run } = model;
  return html`<a class="skip" href="#main">Skip to the results</a>
    <div class="layout">
      <nav aria-label="Sections">
        <p class="brand">${new Markup(logo)}Assay</p>
        <ul>
          ${sections.map(
            ({ id, title, n }) =>
              html`<li>
                <a href="#${id}"
                  ><span>${title}</span
                  >${n === undefined || n === 0 ? null : html`<span class="n">${count(n)}</span>`}</a
                >
              </li> `,
          )}
        </ul>
        <button type="button" class="theme" id="theme" hidden>Theme: auto</button>
      </nav>
      <main id="main">
        ${sections.map(({ content }) => content)}
        <footer>
          Made by Assay from the run’s records, finished ${moment(run.finishedAt)}. All times in
          UTC. The same figures for programs: <code>report.json</code>; every cell:
          <code>results.csv</code>, <code>results.jsonl</code>.
        </footer>
      </main>
    </div>`;
}

const mark =
  '<path d="M3 13.5 8 2.5l5 11M5 9.5h6" fill="none" stroke="COLOUR" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"/>';
const logo = `<svg viewBox="0 0 16 16" aria-hidden="true">${mark.replace('COLOUR', 'currentColor')}</svg>`;
const icon = `data:image/svg+xml,${encodeURIComponent(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">${mark.replace('COLOUR', '#3346c8')}</svg>`,
)}`;

const hashOf = (text: string): string =>
  `'sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}'`;

const policy = [
  "default-src 'none'",
  `style-src ${hashOf(style)}`,
  `script-src ${hashOf(script)}`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
].join('; ');
