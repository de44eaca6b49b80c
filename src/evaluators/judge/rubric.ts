/** A rubric taken apart: what is judged one by one, and what is said around it. */
export interface Rubric {
  /** Each on one line; empty where the text names none. */
  readonly criteria: readonly string[];
  /** The rubric's other text; empty where there is none. */
  readonly guidance: string;
}

/** More than this and a judge loses count; a rubric can be split into two evaluators. */
export const mostCriteria = 50;

/**
 * Reads a rubric: one criterion for each line that begins with `- `, its indented lines included; the rest is
 * guidance. A single paragraph without such a line is one criterion. Headings, several paragraphs or a list of another
 * form without such a line name no criteria: taken as one they would be a verdict on everything at once.
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
  const around = guidance.join('\n').trim();
  if (criteria.length > 0) return { criteria: criteria.map(oneLine), guidance: around };
  const isOneSentence = around !== '' && !/\n\s*\n/.test(around) && !otherForm.test(around);
  return isOneSentence
    ? { criteria: [oneLine(around)], guidance: '' }
    : { criteria: [], guidance: around };
}

/** A heading, or a list that does not begin its lines with a dash and a space. */
const otherForm = /^\s*(?:#{1,6}\s|[*•–—+-](?:\s|$|\S)|\d{1,2}[.)]\s)/m;

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();
