import type { ReportCell, ReportHeader } from '../../../../src/core/report/report-input.js';
import { hostile, large } from '../text/escape/hostile.js';
import { cell, failure, header } from './cells.js';

const texts = [...Object.values(hostile), large];

/** A run whose every text of users, models and platforms is hostile: one cell per text and outcome. */
export function hostileCells(): readonly ReportCell[] {
  return texts.flatMap((text, i) => [failedCell(text, i), errorCell(text, i)]);
}

function failedCell(text: string, i: number): ReportCell {
  return cell(`${text.slice(0, 180)}${i}`, {
    output: { category: text, [text.slice(0, 50)]: [text] },
    item: {
      id: `${text.slice(0, 180)}${i}`,
      input: { [text.slice(0, 50)]: text },
      expected: { category: text.slice(0, 40) },
      metadata: {
        [text.slice(0, 50)]: text.slice(0, 40),
        kind: i % 2 === 0 ? text.slice(0, 40) : 'b',
      },
      description: text,
    },
    traceUrl: i % 2 === 0 ? `https://x.example/${text.slice(0, 200)}` : `javascript:${text}`,
    scores: [
      {
        name: `category.${text.slice(0, 60)}`,
        evaluator: 'category',
        value: { type: 'CATEGORICAL', value: text },
        passed: false,
        comment: {
          passed_items: [text],
          failed_items: [text, 'named often', 'named often'],
          reasoning: text,
          suggestions: [text],
        },
      },
    ],
    evaluatorFailures: [
      { evaluator: text.slice(0, 60), required: false, error: failure('EVALUATOR_FAILED', text) },
    ],
    sanitised: true,
  });
}

function errorCell(text: string, i: number): ReportCell {
  const { output: _output, ...rest } = cell(`error-${i}`, {
    status: i % 5 === 0 ? 'skipped' : 'target_error',
    error: { code: text.slice(0, 30), title: text, message: text, problems: [] },
    item: { id: `error-${i}`, input: {}, metadata: {} },
  });
  return rest;
}

/** The header of that run. */
export function hostileHeader(): ReportHeader {
  const text = texts.slice(0, -1).join(' ');
  const plain = header(texts.length * 2 + 1);
  const [category] = plain.manifest.evaluators;
  return {
    ...plain,
    experiment: text,
    project: text,
    description: text,
    status: 'failed',
    error: failure('INTERNAL', text),
    datasetVersion: text,
    manifest: {
      ...plain.manifest,
      dataset: { ...plain.manifest.dataset, name: text },
      target: {
        kind: 'http',
        name: text,
        method: text,
        url: `http://x.example/${text}`,
        headers: [],
      },
      evaluators:
        category === undefined ? [] : [{ ...category, options: { path: '/category', note: text } }],
    },
    platforms: [
      {
        platform: text,
        project: text,
        runs: [{ name: text, url: `http://x.example/${text}` }],
        prompt: { name: text, version: 1 },
      },
    ],
    publication: [
      {
        platform: text,
        expectedTraces: 2,
        sentTraces: 2,
        verifiedTraces: 1,
        expectedScores: 2,
        sentScores: 2,
        verifiedScores: 1,
        expectedRunScores: 2,
        verifiedRunScores: 1,
        duplicateSpans: 0,
        ambiguousResends: 0,
        takeovers: 0,
        refused: 0,
      },
    ],
    links: [{ label: text, url: `javascript:${text}` }],
    anchors: [
      {
        evaluator: text,
        model: text,
        prompt: null,
        planned: 3,
        judged: 2,
        abstained: 0,
        errors: 1,
        notApplicable: 0,
        agreement: { value: 0.5, interval: null, n: 2 },
        meanScore: { value: 0.5, interval: null, n: 2 },
        disagreements: texts.map((id) => ({ id, expected: true, score: 0 })),
        missing: texts.map((id) => ({ id, reason: id })),
        calls: 3,
        costDollars: null,
        since: {
          experiment: text,
          sameJudge: false,
          difference: { value: -0.5, interval: null, n: 2 },
          flips: texts.map((id) => ({ id, before: true, after: false })),
        },
      },
    ],
  };
}
