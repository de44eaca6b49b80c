import { wellFormed } from '../../core/text/well-formed.js';
import { datasetAnswer } from './answers.js';
import type { Rest } from './rest.js';

/** Makes sure of a dataset; one whose description is as asked (or not asked) is left alone. */
export async function ensureDataset(
  rest: Rest,
  dataset: { readonly name: string; readonly description?: string },
  signal: AbortSignal,
): Promise<{ readonly id: string }> {
  const { name, description } = dataset;
  const what = `the dataset ${JSON.stringify(name)}`;
  const wanted = description === undefined ? undefined : wellFormed(description).text;
  const call = { path: `/api/public/v2/datasets/${encodeURIComponent(name)}`, what, signal };

  const found = await rest.find(call, datasetAnswer);
  if (found !== undefined && (wanted === undefined || (found.description ?? '') === wanted)) {
    return { id: found.id };
  }
  const post = {
    method: 'POST',
    path: '/api/public/v2/datasets',
    body: { name, ...(wanted === undefined ? {} : { description: wanted }) },
    what,
    signal,
  } as const;
  const answer = await rest.answer(post);
  // Another worker made it at the same moment.
  if (answer.status === 409) return { id: (await rest.read(call, datasetAnswer)).id };
  return { id: rest.parse(answer, post, datasetAnswer).id };
}
