import type { CellResult, DatasetItem } from '../../contracts/records.js';
import { AssayError, type ErrorDocument } from '../../core/errors/assay-error.js';
import type { JsonObject } from '../../core/json/json.js';
import { createFieldTexts, shortText, type FieldTexts } from '../trace/field-text.js';
import { sourceText } from '../trace/reuse-source.js';
import { metadataKey } from '../trace/metadata-key.js';
import {
  judgementTree,
  spanTree,
  type Judgement,
  type SpanNode,
  type SpanTree,
} from '../trace/span-tree.js';
import type { EncodeContext, OutboxRecord, PlatformRun } from '../port.js';
import { callFields, callType } from './call-fields.js';
import { exampleIdOf } from './example-identity.js';
import type { LangsmithSettings } from './options.js';
import { handleOf } from './prompt-handle.js';
import { RunFields } from './run-fields.js';
import { planTrace, type TracePlan } from './run-place.js';
import { tracedFields } from './traced-fields.js';

/** A cell's runs must fit a request with room for others; the server takes 20 MB. */
export const maxRunsBytes = 5_000_000;

/** From the usual to the desperate: how long one field and how many calls may be, until the whole fits. */
const fits = [
  { fieldBytes: 1_000_000, calls: 500 },
  { fieldBytes: 250_000, calls: 500 },
  { fieldBytes: 50_000, calls: 500 },
  { fieldBytes: 10_000, calls: 500 },
  { fieldBytes: 2_000, calls: 500 },
  { fieldBytes: 500, calls: 200 },
] as const;

/** A run as it stands in the outbox: what one request's parts are made of. */
export interface RunEntry {
  /** Its id once more, by the name under which a part of a record is looked for. */
  readonly spanId: string;
  readonly run: {
    readonly id: string;
    readonly trace_id: string;
    readonly parent_run_id?: string;
    readonly dotted_order: string;
    readonly name: string;
    readonly run_type: string;
    readonly start_time: string;
    readonly end_time: string;
    readonly session_id: string;
    readonly reference_example_id?: string;
  };
  readonly inputs: JsonObject;
  readonly outputs?: JsonObject;
  readonly extra: JsonObject;
  readonly error?: string;
  readonly events?: readonly JsonObject[];
}

export interface RunEncoding {
  readonly cell: CellResult;
  readonly item: DatasetItem;
  readonly run: EncodeContext;
  readonly settings: Pick<LangsmithSettings, 'environment' | 'release'>;
}

/** The runs of a cell as one record: a JSON array of {@link RunEntry}, parents first. */
export function encodeRuns(encoding: RunEncoding): OutboxRecord {
  return encodeTree(encoding, (maxCalls) => spanTree(encoding.cell, maxCalls));
}

/**
 * The runs that a later judgement adds to the trace of a cell, below the root that stands there. Undefined where no evaluator
 * called a model or failed.
 */
export function encodeJudgementRuns(
  encoding: RunEncoding & { readonly judgement: Judgement },
): OutboxRecord | undefined {
  const { cell, judgement } = encoding;
  const tree = (maxCalls: number): SpanTree => judgementTree(cell, judgement, maxCalls);
  return tree(1).nodes.length === 0 ? undefined : encodeTree(encoding, tree);
}

type TreeEncoding = RunEncoding & { readonly judgement?: Judgement };

function encodeTree(encoding: TreeEncoding, treeOf: (maxCalls: number) => SpanTree): OutboxRecord {
  const texts = createFieldTexts();
  for (const fit of fits) {
    const tree = treeOf(fit.calls);
    const plan = planTrace(encoding.cell, encoding.run.runUid);
    const entries = tree.nodes.map((node) =>
      runEntry(node, { ...encoding, plan, tree, texts, fieldBytes: fit.fieldBytes }),
    );
    const body = JSON.stringify(entries);
    if (Buffer.byteLength(body) <= maxRunsBytes) {
      return {
        kind: 'spans',
        body,
        traceId: plan.root.id,
        ids: entries.map(({ spanId }) => spanId),
      };
    }
  }
  throw new AssayError(
    'INTERNAL',
    `The trace of cell ${encoding.cell.cellId} cannot be made small.`,
  );
}

type NodeEncoding = TreeEncoding & {
  readonly plan: TracePlan;
  readonly tree: SpanTree;
  readonly texts: FieldTexts;
  readonly fieldBytes: number;
};

function runEntry(node: SpanNode, encoding: NodeEncoding): RunEntry {
  const { cell, item, run, plan } = encoding;
  const place = plan.place(node);
  const fields = new RunFields(encoding.texts, encoding.fieldBytes);
  const own = ownFields(node, fields, encoding);
  addMarks(fields, encoding);
  const { events, error, invocation, name, runType, inputs, outputs } = own;
  return {
    spanId: place.id,
    run: {
      id: place.id,
      trace_id: plan.root.id,
      ...(place.parent === undefined ? {} : { parent_run_id: place.parent.id }),
      dotted_order: place.dottedOrder,
      name: shortText(name, 200),
      run_type: runType,
      start_time: place.start,
      end_time: place.end,
      session_id: sessionOf(encoding),
      ...(place.parent === undefined ? { reference_example_id: exampleIdIn(run.run, item) } : {}),
    },
    inputs,
    ...(outputs === undefined ? {} : { outputs }),
    extra: {
      ...(invocation === undefined ? {} : { invocation_params: invocation }),
      metadata: withTextMarks(fields, cell),
    },
    ...(error === undefined ? {} : { error }),
    ...(events === undefined ? {} : { events }),
  };
}

function exampleIdIn({ datasetId, itemIds = {} }: PlatformRun, item: DatasetItem): string {
  const returned = Object.hasOwn(itemIds, item.id) ? itemIds[item.id] : undefined;
  return returned ?? exampleIdOf(datasetId, item);
}

export function sessionOf({ cell, run }: Pick<RunEncoding, 'cell' | 'run'>): string {
  const place = run.run.runs[cell.repetition - 1];
  if (place === undefined) {
    throw new AssayError('INTERNAL', `The run has no place for repetition ${cell.repetition}.`);
  }
  return place.id;
}

interface OwnFields {
  readonly name: string;
  readonly runType: string;
  readonly inputs: JsonObject;
  readonly outputs?: JsonObject;
  readonly invocation?: JsonObject;
  readonly events?: readonly JsonObject[];
  readonly error?: string;
}

/** What only this run shows. */
function ownFields(node: SpanNode, fields: RunFields, encoding: NodeEncoding): OwnFields {
  const { cell, item, run } = encoding;
  const output = cell.output;
  const shown = (): Pick<OwnFields, 'inputs' | 'outputs'> => ({
    inputs: fields.object('input', item.input, 'input'),
    ...(output === undefined ? {} : { outputs: fields.object('output', output, 'output') }),
  });
  switch (node.shows.kind) {
    case 'root':
      addRootMarks(fields, encoding);
      return { name: run.experiment, runType: 'chain', ...shown(), ...failure(endOf(cell)) };
    case 'target':
      fields.mark(metadataKey.attempts, cell.attempts);
      return {
        name: run.target,
        runType: 'chain',
        ...shown(),
        ...failure(cell.status === 'target_error' ? errorText(cell.error) : undefined),
      };
    case 'evaluator': {
      const { evaluator, failure: failed } = node.shows;
      fields.mark(metadataKey.evaluator, evaluator);
      const scores = cell.scores.filter((score) => score.evaluator === evaluator);
      return {
        name: evaluator,
        runType: 'chain',
        inputs: output === undefined ? {} : fields.object('output', { output }, 'output'),
        ...(scores.length === 0
          ? {}
          : {
              outputs: fields.object(
                'scores',
                Object.fromEntries(scores.map(({ name, value }) => [name, value.value])),
                'scores',
              ),
            }),
        ...failure(errorText(failed?.error)),
      };
    }
    case 'traced':
      return { name: node.shows.span.name, ...tracedFields(fields, node.shows.span) };
    case 'call': {
      const { call } = node.shows;
      const shown = callFields(fields, call);
      // The call was recorded with the version of another platform, where the run is published to two.
      if (call.promptName !== undefined && call.promptName === run.run.prompt?.name) {
        addPrompt(fields, run.run.prompt);
      }
      return {
        name: call.kind === 'http' ? `http ${call.model}` : call.model,
        runType: callType[call.kind],
        ...shown,
        ...failure(errorText(call.error)),
      };
    }
  }
}

const failure = (error: string | undefined): Pick<OwnFields, 'error'> =>
  error === undefined ? {} : { error };

function errorText(error: ErrorDocument | undefined): string | undefined {
  return error === undefined ? undefined : shortText(`${error.code}: ${error.message}`, 4_000);
}

/** Why the cell did not end well; a cell that was skipped has no error there. */
function endOf(cell: CellResult): string | undefined {
  if (cell.status === 'ok' || cell.status === 'skipped') return undefined;
  const required = cell.evaluatorFailures.find((each) => each.required);
  const reason = errorText(cell.error ?? required?.error);
  return reason === undefined ? cell.status : `${cell.status}: ${reason}`;
}

function addRootMarks(fields: RunFields, { cell, plan, tree, run }: NodeEncoding): void {
  const { prompt } = run.run;
  if (prompt?.source !== undefined) {
    fields.mark(metadataKey.promptSource, prompt.source);
    addPrompt(fields, prompt);
  }
  fields.mark('assay.trace_id', plan.hexId);
  if (cell.supersedes !== undefined) fields.mark(metadataKey.supersedes, cell.supersedes);
  if (cell.reusedFrom !== undefined) {
    const { output, scores } = cell.reusedFrom;
    fields.mark(metadataKey.reusedFrom, sourceText(output));
    if (scores.length > 0) {
      const names = scores.map(({ evaluator }) => evaluator).join(', ');
      fields.mark(metadataKey.reusedScores, names);
    }
  }
  if (tree.callsLeftOut > 0) fields.mark(metadataKey.callsLeftOut, tree.callsLeftOut);
}

/** The version that was used, by our number and as LangSmith's own clients mark runs of what they pulled. */
function addPrompt(fields: RunFields, prompt: NonNullable<PlatformRun['prompt']>): void {
  fields.mark('assay.prompt', prompt.name);
  fields.mark(metadataKey.promptVersion, prompt.version);
  if (prompt.commit === undefined) return;
  fields.mark('lc_hub_repo', handleOf(prompt.name));
  fields.mark('lc_hub_commit_hash', prompt.commit);
}

/** What every run of a cell says of the cell. */
function addMarks(fields: RunFields, { cell, run, settings, judgement }: TreeEncoding): void {
  if (judgement !== undefined) fields.mark(metadataKey.pass, judgement.pass);
  fields.mark(metadataKey.runUid, run.runUid);
  fields.mark(metadataKey.experiment, run.experiment);
  fields.mark(metadataKey.itemId, cell.itemId);
  fields.mark(metadataKey.repetition, cell.repetition);
  fields.mark(metadataKey.revision, cell.revision);
  fields.mark(metadataKey.status, cell.status);
  if (settings.environment !== undefined) fields.mark('environment', settings.environment);
  // The name by which LangSmith compares versions of an application.
  if (settings.release !== undefined) fields.mark('revision_id', settings.release);
}

/** With what was done to the texts of this run. */
function withTextMarks(fields: RunFields, cell: CellResult): JsonObject {
  return {
    ...fields.metadata,
    ...(fields.cutFields.length > 0 ? { [metadataKey.cut]: fields.cutFields.join(', ') } : {}),
    ...(fields.sanitised || cell.sanitised ? { [metadataKey.sanitised]: true } : {}),
  };
}
