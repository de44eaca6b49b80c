import type { Rest } from '../rest.js';
import { runAnswer, type RunAnswer } from './answers.js';
import { listPages } from './pages.js';
import { runKey, type RunPlace } from './find-links.js';

/** Ids of runs as the server gave them: a v3 server makes them up, so they are known only once a run exists. */
export interface RunIds {
  get(run: RunPlace): string | undefined;
  set(run: RunPlace, id: string): void;
}

/** Most runs are of no interest an hour later. */
const mostKept = 1_000;

export function createRunIds(): RunIds {
  const ids = new Map<string, string>();
  return {
    get: (run) => ids.get(runKey(run)),
    set: (run, id) => {
      ids.set(runKey(run), id);
      const [oldest] = ids.keys();
      if (ids.size > mostKept && oldest !== undefined) ids.delete(oldest);
    },
  };
}

/** A run of a dataset by its name, with its metadata. Newest first, as are those that one asks for. */
export async function findRun(
  rest: Rest,
  place: { readonly datasetName: string; readonly runName: string },
  signal: AbortSignal,
): Promise<RunAnswer | undefined> {
  const { datasetName, runName } = place;
  const pages = listPages(
    rest,
    {
      path: `/api/public/datasets/${encodeURIComponent(datasetName)}/runs`,
      query: {},
      what: `the runs of the dataset ${JSON.stringify(datasetName)}`,
      signal,
    },
    runAnswer,
  );
  for await (const rows of pages) {
    const found = rows.find(({ name }) => name === runName);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The id of a run, asked for where it is not known; undefined where there is no such run. */
export async function resolveRunId(
  place: RunPlace & { readonly datasetName: string },
  on: { readonly rest: Rest; readonly runIds: RunIds; readonly signal: AbortSignal },
): Promise<string | undefined> {
  const known = on.runIds.get(place);
  if (known !== undefined) return known;
  const run = await findRun(on.rest, place, on.signal);
  if (run !== undefined) on.runIds.set(place, run.id);
  return run?.id;
}
