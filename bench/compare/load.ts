/** What all sides of a comparison run: the same items, prompt and evaluator on the same demo model. */
export interface ComparedLoad {
  readonly items: readonly ComparedItem[];
  readonly prompt: string;
  /** The `response_format` of each call. */
  readonly responseFormat: Readonly<Record<string, unknown>>;
  readonly concurrency: number;
}

export interface ComparedItem {
  readonly id: string;
  readonly text: string;
  /** What the evaluator compares the answer's category with. */
  readonly category: string;
}

const categories = ['billing', 'shipping', 'bug'] as const;

const openings = {
  billing: 'The invoice of this month charged my card twice and I want the second payment back.',
  shipping: 'My parcel has not arrived and the tracking page shows no delivery for a week.',
  bug: 'The app crashes with an error message each time when I open the settings page.',
} as const;

const prompt = [
  'Classify the ticket.',
  '- billing: invoices, charges, payments',
  '- shipping: parcels, delivery, tracking',
  '- bug: errors and crashes of the app',
  '',
  'Ticket: {{text}}',
].join('\n');

const schema = {
  type: 'object',
  additionalProperties: false,
  required: ['category'],
  properties: { category: { type: 'string', enum: categories } },
} as const;

export const peerTarget = 'compared';
export const peerDataset = 'compared';

/** So many items, 100 of them at once. */
export function comparedLoad(count: number, concurrency = 100): ComparedLoad {
  const items = Array.from({ length: count }, (_, index) => {
    const category = categories[index % categories.length] ?? 'bug';
    const text = `${openings[category]} Reference ${index + 1}.`;
    return { id: `ticket-${index + 1}`, text, category };
  });
  const responseFormat = {
    type: 'json_schema',
    json_schema: { name: 'answer', strict: true, schema },
  };
  return { items, prompt, responseFormat, concurrency };
}

/** The same load as files of an Assay project. */
export function assayFiles({ items }: ComparedLoad, project: string): Record<string, string> {
  return {
    'assay.config.ts': `
import { defineConfig } from 'assay';

export default defineConfig({
  project: '${project}',
  models: { small: { model: 'demo-small' } },
  targets: { ${peerTarget}: { kind: 'prompt', evaluators: ['category'] } },
  evaluators: { category: { kind: 'exact_match', path: '/category' } },
});
`,
    [`targets/${peerTarget}/prompt.txt`]: prompt,
    [`targets/${peerTarget}/.metadata.yaml`]: [
      'model: small',
      'parameters: { temperature: 0 }',
      `response_format: ${JSON.stringify(schema)}`,
    ].join('\n'),
    [`datasets/${peerDataset}/test_cases.json`]: JSON.stringify(
      items.map(({ id, text }) => ({ id, inputs: { text } })),
    ),
    [`datasets/${peerDataset}/expected.json`]: JSON.stringify(
      Object.fromEntries(items.map(({ id, category }) => [id, { category }])),
    ),
  };
}
