/** A rubric taken apart: what is judged one by one, and what is said around it. */
export interface Rubric {
  /** At least one; each on one line. */
  readonly criteria: readonly string[];
  /** The rubric's other text; empty where there is none. */
  readonly guidance: string;
}

/** More than this and a judge loses count; a rubric can be split into two evaluators. */
export const mostCriteria = 50;

/**
 * Reads a rubric: one criterion for each line that begins with `- `, its indented lines included; the rest is
 * guidance. Without such a line the whole rubric is one criterion.
 */
export function readRubric(text: string): Rubric {
  const criteria: string[] = [];
  const guidance: string[] = [];
  let isInCriterion = false;
  for (const line of text.replaceAll('\r\n', '\n').split('\n')) {
    if (/^- +\S/.test(line)) {
      criteria.push(line.slice(2));
      isInCriterion = true;
    } else if (isInCriterion && /^\s+\S/.test(line)) {
      criteria.push(`${criteria.pop() ?? ''} ${line}`);
    } else {
      isInCriterion = false;
      guidance.push(line);
    }
  }
  if (criteria.length === 0) return { criteria: [oneLine(text)], guidance: '' };
  return { criteria: criteria.map(oneLine), guidance: guidance.join('\n').trim() };
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();
