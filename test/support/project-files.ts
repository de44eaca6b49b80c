/** A small project for tests: tickets with a category, a prompt target and code targets that misbehave on order. */

const categories = ['billing', 'shipping', 'bug'] as const;

const texts = {
  billing: 'The invoice charged my card twice, please correct the payment',
  shipping: 'My parcel has not arrived and the tracking shows no delivery',
  bug: 'The app crashes with an error message when I open it',
} as const;

/** The files of a dataset `items` with so many tickets. */
export function datasetFiles(count: number, name = 'items'): Record<string, string> {
  const cases = Array.from({ length: count }, (_, index) => {
    const category = categories[index % categories.length] ?? 'bug';
    return { id: `T-${index + 1}`, inputs: { text: `${texts[category]} (case ${index + 1})` } };
  });
  const expected = Object.fromEntries(
    cases.map(({ id }, index) => [id, { category: categories[index % categories.length] }]),
  );
  return {
    [`datasets/${name}/test_cases.json`]: JSON.stringify(cases, undefined, 1),
    [`datasets/${name}/expected.json`]: JSON.stringify(expected, undefined, 1),
  };
}

/** The prompt of the target `triage`. */
export const promptFiles: Record<string, string> = {
  'targets/triage/prompt.txt': [
    'Classify the ticket.',
    '- billing: invoices, charges, payments',
    '- shipping: parcels, delivery, tracking',
    '- bug: errors and crashes of the app',
    '',
    'Ticket: {{text}}',
  ].join('\n'),
  'targets/triage/.metadata.yaml': [
    'model: small',
    'parameters: { temperature: 0 }',
    'response_format:',
    '  type: object',
    '  additionalProperties: false',
    '  required: [category]',
    '  properties: { category: { type: string, enum: [billing, shipping, bug] } }',
  ].join('\n'),
};

/** assay.config.ts of the test project; `extra` is put into its targets and evaluators. */
export function configFile(options: {
  project: string;
  targets?: string;
  evaluators?: string;
  /** What stands before the config: functions that it names. */
  prelude?: string;
  rest?: string;
}): string {
  return `
import { defineConfig } from 'assay';
${options.prelude ?? ''}
export default defineConfig({
  project: '${options.project}',
  models: { small: { model: 'demo-small', price: { input: 0.15, output: 0.6 } } },
  targets: {
    triage: { kind: 'prompt', evaluators: ['category', 'polite'] },
    ${options.targets ?? ''}
  },
  evaluators: {
    category: { kind: 'exact_match', path: '/category' },
    polite: { kind: 'regex', pattern: 'category', expect: 'match' },
    ${options.evaluators ?? ''}
  },
  ${options.rest ?? ''}
});
`;
}
