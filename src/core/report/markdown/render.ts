import type { ReportModel } from '../report-model.js';
import { anchorSection } from './anchor-section.js';
import { exampleSection, failureSections } from './failure-section.js';
import { itemSections } from './item-section.js';
import { passSection } from './pass-section.js';
import { costSection, publicationSection, runSection } from './run-section.js';
import { reuseSection, sampleSection } from './reuse-section.js';
import { breakdownSection, scoreSections } from './score-section.js';
import { summarySection } from './summary-section.js';
import { blocks } from './table.js';

/**
 * The report as GitHub-flavoured markdown (UTF-8), to be read from the top: results, patterns, scores, judges, failures,
 * errors, worst and flaky items, cost, publication, what the run was, and last the failed cells. All text of users, models and platforms is escaped; at most
 * 50 failed cells are shown, each body cut to 800 characters.
 */
export function renderMarkdown(model: ReportModel): string {
  const lines = blocks(
    summarySection(model),
    scoreSections(model),
    anchorSection(model),
    breakdownSection(model),
    failureSections(model),
    itemSections(model),
    costSection(model),
    reuseSection(model),
    sampleSection(model),
    publicationSection(model),
    runSection(model),
    passSection(model),
    exampleSection(model),
  );
  return `${lines.join('\n')}\n`;
}
