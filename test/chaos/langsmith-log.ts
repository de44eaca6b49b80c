import { ownExampleId } from '../../src/platforms/langsmith/example-identity.js';
import type { LangsmithServer } from '../support/langsmith/server.js';
import type { Run } from '../support/langsmith/runs/run.js';
import type { Delivered } from './http-relay.js';

/** LangSmith's test server, straight from its tables, and what reached it through the relay. */
export interface LangsmithLog {
  /** What stands of a run, each record by its item and the kinds of the runs above it: `T-7`, `T-7/chain/llm`; `T-7/polite`. */
  recordsOf(run: { readonly runUid: string; readonly items: readonly string[] }): {
    readonly spans: ReadonlyMap<string, number>;
    readonly scores: ReadonlyMap<string, number>;
    /** What belongs to no item of the run. */
    readonly strangers: number;
  };
  /** How often records came again that had been taken before: no row shows it, since an id is a key there. */
  takenAgain(): number;
  /** The items of a dataset by id and content, with how many there are of each. */
  itemRows(dataset: string): ReadonlyMap<string, number>;
  /** How often items were written. */
  itemWrites(dataset: string): number;
  readonly delivered: (request: Delivered) => void;
}

const count = (rows: Map<string, number>, key: string): void => {
  rows.set(key, (rows.get(key) ?? 0) + 1);
};

const metadataOf = (extra: unknown): Readonly<Record<string, unknown>> =>
  (extra as { metadata?: Record<string, unknown> } | null)?.metadata ?? {};

/** The names of the parts of a multipart body, a record's first part standing for it. */
const partName = /name="(?:post|feedback)\.([0-9a-f-]{36})"/g;

export const openLangsmithLog = ({ inspect }: LangsmithServer): LangsmithLog => {
  const taken = new Map<string, number>();
  const beyondOne = (rows: ReadonlyMap<string, number>): number =>
    [...rows.values()].reduce((sum, each) => sum + each - 1, 0);
  const datasetNamed = (name: string) => inspect.datasets.find((each) => each.name === name);

  const placesIn = (runs: readonly Run[], itemOfExample: ReadonlyMap<string, string>) => {
    const byId = new Map(runs.map((run) => [run.id, run]));
    const placeOf = (run: Run): string | undefined => {
      if (run.parentRunId === null) return itemOfExample.get(run.referenceExampleId ?? '');
      const parent = byId.get(run.parentRunId);
      const above = parent === undefined ? undefined : placeOf(parent);
      return above === undefined ? undefined : `${above}/${run.runType}`;
    };
    return placeOf;
  };

  return {
    recordsOf({ runUid, items }) {
      const sessions = inspect.sessions.filter(
        ({ extra }) => metadataOf(extra)['assay.run_uid'] === runUid,
      );
      const ids = new Set(sessions.map(({ id }) => id));
      const [dataset] = sessions.map(({ referenceDatasetId }) => referenceDatasetId);
      const itemOfExample = new Map(items.map((item) => [ownExampleId(dataset ?? '', item), item]));
      const runs = inspect.runs.filter(({ sessionId }) => ids.has(sessionId));
      const placeOf = placesIn(runs, itemOfExample);
      const spans = new Map<string, number>();
      const itemOfRoot = new Map<string, string>();
      // A second session of one run would be a second experiment of its name.
      let strangers = Math.max(0, sessions.length - 1) + (inspect.runs.length - runs.length);
      for (const run of runs) {
        const place = placeOf(run);
        if (place === undefined) strangers += 1;
        else count(spans, place);
        if (run.parentRunId === null && place !== undefined) itemOfRoot.set(run.id, place);
      }
      const scores = new Map<string, number>();
      for (const { runId, key } of inspect.feedback) {
        if (runId === null) continue;
        const item = itemOfRoot.get(runId);
        if (item === undefined) strangers += 1;
        else count(scores, `${item}/${key}`);
      }
      return { spans, scores, strangers };
    },
    takenAgain: () => beyondOne(taken),
    itemRows(dataset) {
      const rows = new Map<string, number>();
      for (const { metadata, inputs } of inspect.examples(dataset)) {
        count(rows, `${String(metadata['assay.item_id'])} ${JSON.stringify(inputs)}`);
      }
      return rows;
    },
    itemWrites(dataset) {
      const histories = datasetNamed(dataset)?.histories.values() ?? [];
      return [...histories].reduce((sum, states) => sum + states.length, 0);
    },
    delivered({ method, path, body, status }) {
      if (method !== 'POST' || !path.startsWith('/runs/multipart') || status >= 300) return;
      for (const [, id] of body.toString('latin1').matchAll(partName)) count(taken, id ?? '');
    },
  };
};
