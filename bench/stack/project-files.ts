/** The project that every load of `engine` runs: one model call a cell, `exact_match`, bodies of about 1 kB both ways. */

export const project = 'bench';
export const target = 'reply';

const categories = ['billing', 'shipping', 'bug', 'account', 'feature'] as const;

const openings = {
  billing: 'The invoice of this month charged my card twice and I want the second payment back.',
  shipping: 'My parcel has not arrived and the tracking page shows no delivery for a week.',
  bug: 'The app crashes with an error message each time when I open the settings page.',
  account: 'I cannot log in to my account since the password reset mail never reaches me.',
  feature: 'It would be a great help if reports could be exported to a spreadsheet by team.',
} as const;

const filler =
  'I have been a customer for four years and never had a reason to write to you before this one. ' +
  'A colleague of mine told me that the same thing happened to her and that it was put right quickly. ' +
  'I attach the reference of the order, the time at which I noticed it and the name of the device. ' +
  'Please tell me what you need from me, how long it will take, and whether I should do anything. ' +
  'You can reach me by mail all day and by telephone in the afternoon; both are in my account. ';

const prompt = [
  'Classify the ticket and write a short reply.',
  '- billing: invoices, charges, payments',
  '- shipping: parcels, delivery, tracking',
  '- bug: errors and crashes of the app',
  '- account: login, password, access',
  '- feature: wishes for something new',
  '',
  'Apologise, say which steps you take, and ask for missing details. Ticket: {{text}}',
].join('\n');

const metadata = [
  'model: small',
  'parameters: { temperature: 0 }',
  'response_format:',
  '  type: object',
  '  additionalProperties: false',
  '  required: [category, reply]',
  `  properties: { category: { type: string, enum: [${categories.join(', ')}] }, reply: { type: string } }`,
].join('\n');

const config = `
import { defineConfig } from 'assay';

export default defineConfig({
  project: '${project}',
  models: { small: { model: 'demo-small', price: { input: 0.15, output: 0.6 } } },
  targets: { ${target}: { kind: 'prompt', evaluators: ['category'] } },
  evaluators: { category: { kind: 'exact_match', path: '/category' } },
});
`;

/** The files of the project but its datasets, by their path. */
export const projectFiles: Readonly<Record<string, string>> = {
  'assay.config.ts': config,
  [`targets/${target}/prompt.txt`]: prompt,
  [`targets/${target}/.metadata.yaml`]: metadata,
};

/** The files of a dataset of so many items, each with another text. */
export function datasetFiles(name: string, items: number): Readonly<Record<string, string>> {
  const numbers = Array.from({ length: items }, (_, index) => index + 1);
  const categoryOf = (number: number) => categories[number % categories.length] ?? 'bug';
  const cases = numbers.map((number) => ({
    id: `ticket-${number}`,
    inputs: { text: `${openings[categoryOf(number)]} Reference ${number}. ${filler}` },
  }));
  const expected = numbers.map((number) => [`ticket-${number}`, { category: categoryOf(number) }]);
  return {
    [`datasets/${name}/test_cases.json`]: JSON.stringify(cases),
    [`datasets/${name}/expected.json`]: JSON.stringify(Object.fromEntries(expected)),
  };
}
