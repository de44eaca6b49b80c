import { defineConfig } from 'assay';

import { urgencyDistance } from './evaluators/urgency-distance.js';
import { findArticles } from './targets/find-articles.js';
import { triageByKeywords } from './targets/triage-by-keywords.js';

export default defineConfig({
  project: 'support-triage',

  models: {
    // The demo model of the embedded stack. Set OPENAI_API_KEY and OPENAI_BASE_URL and name a model of your
    // provider here, and the same prompts run against it. The prices are made up, so that costs can be seen.
    'demo-small': { model: 'demo-small', price: { input: 0.15, output: 0.6, cachedInput: 0.075 } },
    'demo-large': { model: 'demo-large', price: { input: 2.5, output: 10, cachedInput: 1.25 } },
  },

  targets: {
    // A prompt with a model: targets/triage-v1/prompt.txt and .metadata.yaml.
    'triage-v1': {
      kind: 'prompt',
      evaluators: ['category', 'urgency', 'urgency_distance', 'form'],
    },
    'triage-v2': {
      kind: 'prompt',
      evaluators: ['category', 'urgency', 'urgency_distance', 'form'],
    },
    // A target in code: anything that takes an input and gives JSON.
    'triage-by-keywords': {
      kind: 'function',
      run: triageByKeywords,
      evaluators: ['category', 'urgency', 'urgency_distance', 'form'],
    },
    // Free text, judged by a model against a rubric.
    'reply-v1': { kind: 'prompt', evaluators: ['reply_quality', 'no_promises'] },
    'reply-v2': { kind: 'prompt', evaluators: ['reply_quality', 'no_promises'] },
    // Search in the help centre, for the questions of datasets/help-questions.
    'find-articles': { kind: 'function', run: findArticles, evaluators: ['articles'] },
  },

  evaluators: {
    // Judged as a whole too: accuracy, macro-F1 and the confusion matrix stand in the report.
    category: { kind: 'classification', path: '/category' },
    urgency: { kind: 'exact_match', path: '/urgency' },
    // An evaluator of your own: see evaluators/urgency-distance.ts.
    urgency_distance: { kind: 'function', run: urgencyDistance },
    form: {
      kind: 'json_schema',
      schema: {
        type: 'object',
        required: ['category', 'urgency'],
        additionalProperties: false,
        properties: {
          category: {
            enum: [
              'billing',
              'refund',
              'shipping',
              'account_access',
              'bug',
              'feature_request',
              'cancellation',
            ],
          },
          urgency: { enum: ['low', 'normal', 'high'] },
        },
      },
    },
    reply_quality: {
      kind: 'llm_judge',
      model: 'demo-large',
      rubricFile: 'rubrics/reply-quality.md',
      path: '/reply',
      reference: 'required',
      passAt: 0.6,
    },
    articles: {
      kind: 'retrieval',
      retrieved: '/articles',
      relevant: '/articles',
      k: [1, 3],
      // A customer looks at three results.
      passAt: { recall_at_3: 1 },
    },
    no_promises: {
      kind: 'regex',
      pattern: '\\b(guarantee|definitely|100 ?%)\\b',
      flags: 'iu',
      expect: 'no_match',
    },
  },

  // What `assay gate run` holds a prompt to. A distance is better when it is small, and lies between 0 and 2 steps.
  gate: {
    evaluators: { urgency_distance: { better: 'lower', scale: { min: 0, max: 2 } } },
  },
});
