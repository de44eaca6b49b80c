import type { CallRecord, CellResult, DatasetItem } from '../../../../src/contracts/records.js';
import type { EncodeContext } from '../../../../src/platforms/port.js';

export const run: EncodeContext = {
  project: 'support',
  experiment: 'triage-nightly',
  runUid: 'run-0001',
  target: 'triage',
  description: 'Nightly triage',
  metadata: { commit: 'abc123' },
  run: {
    platform: 'langfuse',
    projectId: 'project-1',
    datasetId: 'dataset-1',
    datasetName: 'tickets',
    runs: [
      { name: 'triage-nightly', id: 'aaaaaaaaaaaaaaaa' },
      { name: 'triage-nightly (repetition 2)', id: 'bbbbbbbbbbbbbbbb' },
    ],
  },
};

export const item: DatasetItem = {
  id: 'ticket-1',
  input: { text: 'My invoice is wrong' },
  expected: { category: 'billing' },
  metadata: { topic: 'billing' },
};

export const targetCall: CallRecord = {
  path: 'target/call/1',
  kind: 'chat',
  purpose: 'target',
  provider: 'openai',
  model: 'gpt-4o-mini',
  parameters: { temperature: 0.2 },
  input: [{ role: 'user', content: 'My invoice is wrong' }],
  output: { role: 'assistant', content: '{"category":"billing"}' },
  startedAt: '2026-11-20T10:00:00.100Z',
  endedAt: '2026-11-20T10:00:00.900Z',
  firstTokenAt: '2026-11-20T10:00:00.300Z',
  usage: { inputTokens: 100, outputTokens: 20, cachedInputTokens: 60, reasoningTokens: 5 },
  costPico: 27_000_000n,
  promptName: 'triage',
  promptVersion: 3,
};

export const judgeCall: CallRecord = {
  path: 'judge:tone/call/1',
  kind: 'chat',
  purpose: 'judge',
  provider: 'openai',
  model: 'judge-model',
  parameters: {},
  input: [{ role: 'user', content: 'Is it polite?' }],
  output: 'yes',
  startedAt: '2026-11-20T10:00:01.000Z',
  endedAt: '2026-11-20T10:00:01.400Z',
};

export const cell: CellResult = {
  cellId: 'cell-1',
  itemId: 'ticket-1',
  repetition: 1,
  revision: 1,
  status: 'ok',
  output: { category: 'billing' },
  evaluatorFailures: [],
  scores: [
    {
      name: 'category',
      evaluator: 'category',
      value: { type: 'BOOLEAN', value: true },
      passed: true,
    },
    {
      name: 'tone',
      evaluator: 'tone',
      value: { type: 'NUMERIC', value: 0.75 },
      comment: {
        passed_items: ['greets'],
        failed_items: [],
        reasoning: 'Polite.',
        suggestions: [],
      },
    },
    { name: 'kind', evaluator: 'kind', value: { type: 'CATEGORICAL', value: 'calm' } },
  ],
  calls: [targetCall, judgeCall],
  startedAt: '2026-11-20T10:00:00.000Z',
  endedAt: '2026-11-20T10:00:01.500Z',
  latencyMs: 800,
  targetCostPico: 27_000_000n,
  judgeCostPico: undefined,
  usage: { inputTokens: 100, outputTokens: 20 },
  sanitised: false,
  attempts: 1,
};
