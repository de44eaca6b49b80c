import type { CellResult, DatasetItem, ReusedFrom } from '../../../contracts/records.js';
import type { JsonObject } from '../../../core/json/json.js';
import type { EncodeContext, RunContext } from '../../port.js';
import { createFieldTexts } from '../../trace/field-text.js';
import { userMetadata } from '../item-identity.js';
import { sourceText } from '../../trace/reuse-source.js';
import { attribute } from './attributes.js';
import { metadataKey } from '../../trace/metadata-key.js';
import type { AttributeList } from './attribute-list.js';

/** Fixed, unlike other fields' limit: every root of a run must say the same of the experiment. */
const maxExperimentBytes = 64 * 1024;

/** What only the root shows: the item, the answer, how the cell ended, and the experiment as a whole. */
export function rootAttributes(
  list: AttributeList,
  encoding: {
    readonly cell: CellResult;
    readonly item: DatasetItem;
    readonly run: EncodeContext;
    readonly callsLeftOut: number;
    readonly spansLeftOut: number;
  },
): void {
  const { cell, item, run } = encoding;
  list.short(attribute.type, 'span');
  if (run.run.generation === 'v3') list.short(attribute.traceName, run.experiment);
  list.field('input', attribute.input, item.input);
  list.field('output', attribute.output, cell.output);
  list.field('expected', attribute.itemExpected, item.expected);
  list.json('item metadata', attribute.itemMetadata, userMetadata(item));
  list.short(attribute.experimentMetadata, experimentMetadata(run), maxExperimentBytes);
  if (run.description !== undefined) {
    list.short(attribute.experimentDescription, run.description, 10_000);
  }
  const { prompt } = run.run;
  if (prompt?.source !== undefined) {
    list.metadata(metadataKey.promptSource, prompt.source);
    list.metadata(metadataKey.promptName, prompt.name);
    list.metadata(metadataKey.promptVersion, String(prompt.version));
  }
  addEnd(list, cell);
  if (cell.supersedes !== undefined) list.metadata(metadataKey.supersedes, cell.supersedes);
  if (cell.reusedFrom !== undefined) addReuse(list, cell.reusedFrom);
  if (encoding.callsLeftOut > 0) list.metadata(metadataKey.callsLeftOut, encoding.callsLeftOut);
  if (encoding.spansLeftOut > 0) list.metadata(metadataKey.spansLeftOut, encoding.spansLeftOut);
}

/** The experiment's metadata as JSON; `assay.run_uid` in it tells later whose experiment this is. */
function experimentMetadata(run: RunContext): string {
  const known = written.get(run);
  if (known !== undefined) return known;
  const text = writeMetadata(run);
  written.set(run, text);
  return text;
}

// The same in each cell of a run.
const written = new WeakMap<RunContext, string>();

function writeMetadata(run: RunContext): string {
  const marks: JsonObject = {
    [metadataKey.runUid]: run.runUid,
    [metadataKey.experiment]: run.experiment,
    'assay.project': run.project,
    'assay.target': run.target,
  };
  const texts = createFieldTexts();
  const whole = texts.text({ ...run.metadata, ...marks }, maxExperimentBytes);
  if (!whole.cut) return whole.text;
  return texts.text({ ...marks, [metadataKey.cut]: 'metadata' }, maxExperimentBytes).text;
}

function addReuse(list: AttributeList, { output, scores }: ReusedFrom): void {
  list.metadata(metadataKey.reusedFrom, sourceText(output));
  if (scores.length === 0) return;
  list.metadata(metadataKey.reusedScores, scores.map(({ evaluator }) => evaluator).join(', '));
}

function addEnd(list: AttributeList, cell: CellResult): void {
  if (cell.status === 'ok') return;
  list.short(attribute.level, cell.status === 'skipped' ? 'WARNING' : 'ERROR');
  const required = cell.evaluatorFailures.find((failure) => failure.required);
  const error = cell.error ?? required?.error;
  const reason = error === undefined ? '' : `: ${error.code}: ${error.message}`;
  list.short(attribute.statusMessage, `${cell.status}${reason}`, 4_000);
}
