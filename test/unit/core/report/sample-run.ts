import type { Json } from '../../../../src/core/json/json.js';
import type { ReportCell, ReportHeader } from '../../../../src/core/report/report-input.js';
import type { CallRecord, ScoreRecord } from '../../../../src/contracts/records.js';

/** A made-up run of 180 support tickets: deterministic, with every kind of outcome in it. */

const categories = ['billing', 'refund', 'shipping', 'account', 'technical'] as const;
const languages = ['en', 'en', 'en', 'de', 'fr'] as const;
const hash = (digit: string): string => digit.repeat(64);

// A linear congruential generator (Numerical Recipes): reproducible figures without a package.
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export const sampleHeader: ReportHeader = {
  project: 'support',
  experiment: 'triage-tickets-2026-03-02',
  description: 'The prompt of February with two more examples for refunds.',
  runUid: '0f4c2a6e9b1d4c1f8a7e5d3b2c1a0f9e',
  manifestHash: hash('a'),
  manifest: {
    version: 1,
    dataset: { name: 'tickets', itemsHash: hash('b'), items: 180 },
    target: {
      kind: 'prompt',
      name: 'triage',
      prompt: [{ role: 'system', content: 'Sort the ticket.' }],
      promptHash: hash('c'),
      model: { provider: 'openai', model: 'gpt-4o-mini', parameters: { temperature: 0 } },
    },
    evaluators: [
      {
        name: 'category',
        kind: 'exact_match',
        required: true,
        options: { path: '/category', ignoreCase: false, trim: true },
      },
      {
        name: 'tone',
        kind: 'llm_judge',
        required: false,
        options: { passAt: 0.5 },
        judge: {
          model: { provider: 'openai', model: 'gpt-4o', parameters: { temperature: 0 } },
          rubric: '- The reply is polite\n- The reply names the next step',
        },
      },
      { name: 'urgency', kind: 'function', required: false, options: {}, code: hash('d') },
    ],
    repetitions: 1,
  },
  datasetVersion: '2026-03-01T22:00:00.000Z',
  status: 'completed',
  startedAt: '2026-03-02T09:00:00.000Z',
  finishedAt: '2026-03-02T09:02:14.350Z',
  planned: 180,
  concurrency: 16,
  seed: 1,
  verify: 'full',
  platforms: [
    {
      platform: 'langfuse',
      project: 'support-prod',
      runs: [
        {
          name: 'triage-tickets-2026-03-02',
          url: 'https://langfuse.example.com/project/p1/datasets/d1/runs/r1',
        },
      ],
      prompt: { name: 'triage', version: 7 },
    },
  ],
  publication: [
    {
      platform: 'langfuse',
      expectedTraces: 179,
      sentTraces: 179,
      verifiedTraces: 179,
      expectedScores: 498,
      sentScores: 498,
      verifiedScores: 497,
      expectedRunScores: 3,
      verifiedRunScores: 3,
      duplicateSpans: 0,
      ambiguousResends: 1,
      takeovers: 0,
      refused: 0,
    },
  ],
  links: [{ label: 'Temporal', url: 'http://127.0.0.1:8233/namespaces/default/workflows/support' }],
};

function call(at: {
  readonly path: string;
  readonly purpose: 'target' | 'judge';
  readonly tokens: readonly [number, number];
  readonly costPico?: bigint;
  readonly replayed?: boolean;
}): CallRecord {
  const { path, purpose, tokens, costPico, replayed } = at;
  return {
    path,
    kind: 'chat',
    purpose,
    provider: 'openai',
    model: purpose === 'target' ? 'gpt-4o-mini' : 'gpt-4o',
    parameters: { temperature: 0 },
    input: [{ role: 'user', content: 'a ticket' }],
    output: 'an answer',
    startedAt: '2026-03-02T09:00:01.000Z',
    endedAt: '2026-03-02T09:00:02.000Z',
    usage: { inputTokens: tokens[0], outputTokens: tokens[1], cachedInputTokens: 128 },
    ...(costPico === undefined ? {} : { costPico }),
    ...(replayed === undefined ? {} : { replayed }),
  };
}

const subjects = [
  'I was charged twice this month and nobody answers.',
  'Where is my parcel? It has been two weeks.',
  'I cannot log in since the update, the reset mail never comes.',
  'Please send the money back, the jacket does not fit.',
  'The app closes as soon as I open the second page.',
] as const;

function scoresOf(given: {
  readonly expected: string;
  readonly got: string;
  readonly tone: number;
  readonly urgency: string;
}): readonly ScoreRecord[] {
  const right = given.expected === given.got;
  const polite = given.tone >= 0.5;
  return [
    {
      name: 'category',
      evaluator: 'category',
      value: { type: 'BOOLEAN', value: right },
      passed: right,
      comment: {
        passed_items: right ? ['/category'] : [],
        failed_items: [],
        reasoning: right ? 'equal' : `expected "${given.expected}", got "${given.got}"`,
        suggestions: [],
      },
    },
    {
      name: 'tone',
      evaluator: 'tone',
      value: { type: 'NUMERIC', value: given.tone },
      passed: polite,
      comment: {
        passed_items: polite ? ['The reply is polite'] : [],
        failed_items: polite ? [] : ['The reply names the next step'],
        reasoning: polite
          ? 'Friendly, and says what happens next.'
          : 'Polite, but the customer does not learn what happens next or when.',
        suggestions: polite ? [] : ['Say by when the customer will hear again.'],
      },
    },
    {
      name: 'urgency',
      evaluator: 'urgency',
      value: { type: 'CATEGORICAL', value: given.urgency },
    },
  ];
}

/** The cells of the sample run: 179 of 180, one without an outcome. */
export function sampleCells(): readonly ReportCell[] {
  const random = generator(7);
  return Array.from({ length: 179 }, (_, i) => sampleCell(i, random));
}

function sampleCell(i: number, random: () => number): ReportCell {
  const expected = categories[i % 5] ?? 'billing';
  const language = languages[Math.floor(random() * 5)] ?? 'en';
  const mistaken = random() < (language === 'fr' ? 0.45 : 0.1);
  const got = mistaken ? (expected === 'billing' ? 'refund' : 'technical') : expected;
  const tone = Math.round(Math.min(1, 0.2 + Math.sqrt(random()) * 0.95) * 4) / 4;
  const urgency = ['low', 'normal', 'high'][Math.floor(random() * random() * 3)] ?? 'low';
  const latencyMs = Math.round(300 + 900 * -Math.log(1 - random()));
  const subject = subjects[i % 5] ?? '';
  const output: Json = { category: got, reply: `Thank you for writing. We look into it (${i}).` };
  const base = {
    cellId: `cell-${i}`,
    itemId: `T-${String(i + 1).padStart(3, '0')}`,
    repetition: 1,
    revision: i === 12 ? 2 : 1,
    startedAt: '2026-03-02T09:00:01.000Z',
    endedAt: '2026-03-02T09:00:03.000Z',
    latencyMs,
    usage: { inputTokens: 400 + i, outputTokens: 60 },
    sanitised: i === 33,
    attempts: i % 40 === 7 ? 3 : 1,
    item: {
      id: `T-${String(i + 1).padStart(3, '0')}`,
      input: { subject, body: `${subject} My order number is ${1000 + i}.`, language },
      expected: { category: expected },
      metadata: { language, channel: i % 3 === 0 ? 'mail' : 'chat', ticket: `#${i}` },
    },
    traceId: (i + 1).toString(16).padStart(32, '0'),
    traceUrl: `https://langfuse.example.com/project/p1/traces/${(i + 1).toString(16).padStart(32, '0')}`,
  };
  const targetCall = call({
    path: 'target/call/1',
    purpose: 'target',
    tokens: [400 + i, 60],
    costPico: 96_000_000n + BigInt(i) * 150_000n,
    ...(i % 30 === 4 ? { replayed: true } : {}),
  });
  if (i % 45 === 20) {
    const error = {
      code: 'TARGET_TIMEOUT',
      title: 'The target did not return in time',
      message: `The target did not return within 120 s (cell ${i}).`,
      problems: [],
    };
    return {
      ...base,
      status: 'target_error',
      error,
      evaluatorFailures: [],
      scores: [],
      calls: [],
      targetCostPico: undefined,
      judgeCostPico: undefined,
    };
  }
  const scores = scoresOf({ expected, got, tone, urgency });
  const failedJudge = i % 60 === 11;
  const judgeCall = call({ path: 'judge:tone/call/1', purpose: 'judge', tokens: [700, 90] });
  return {
    ...base,
    status: 'ok',
    output,
    evaluatorFailures: failedJudge
      ? [
          {
            evaluator: 'tone',
            required: false,
            error: {
              code: 'JUDGE_VERDICT_INVALID',
              title: 'The verdict of the judge does not fit its schema',
              message: 'The verdict has no "criteria".',
              problems: [],
            },
          },
        ]
      : [],
    scores: scores.filter(
      ({ name }) => !(failedJudge && name === 'tone') && !(i % 6 === 0 && name === 'urgency'),
    ),
    calls: [targetCall, judgeCall],
    targetCostPico: targetCall.costPico,
    judgeCostPico: undefined,
  };
}
