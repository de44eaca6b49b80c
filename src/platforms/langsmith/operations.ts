import { printable } from '../http/answer-text.js';
import type { OutboundExport } from '../port.js';
import type { Feedback } from './encode-feedback.js';
import type { RunEntry } from './encode-runs.js';

/** A part of a multipart request. */
export interface Part {
  readonly name: string;
  /** JSON. */
  readonly text: string;
}

/** What is sent of one id: parts of the bulk request, or a request of its own. */
export interface Operation {
  readonly rowId: string;
  readonly id: string;
  /** For people: `the score "tone"`. */
  readonly what: string;
  /** Of a run that begins its trace. */
  readonly isRoot?: true;
  readonly parts: readonly Part[];
  /** The body of `POST /feedback`, for feedback that belongs to no trace. */
  readonly alone?: string;
}

export function operationsOf(batch: OutboundExport): readonly Operation[] {
  return batch.records.flatMap(({ rowId, body }) =>
    batch.kind === 'spans'
      ? runsIn(body).map((entry) => runOperation(rowId, entry))
      : feedbackIn(body).map((feedback) => feedbackOperation(rowId, feedback)),
  );
}

// Bodies are what this code wrote.
export const runsIn = (body: string): readonly RunEntry[] => JSON.parse(body) as RunEntry[];
export const feedbackIn = (body: string): readonly Feedback[] => JSON.parse(body) as Feedback[];

function runOperation(rowId: string, entry: RunEntry): Operation {
  const { name, parent_run_id: parent } = entry.run;
  return {
    rowId,
    id: entry.spanId,
    what: `the run ${quoted(name)}`,
    ...(parent === undefined ? { isRoot: true } : {}),
    parts: runParts(entry),
  };
}

const quoted = (foreign: string): string => JSON.stringify(printable(foreign));

/** The run, and beside it what can be large: the server stores those elsewhere. */
function runParts({ run, ...entry }: RunEntry): readonly Part[] {
  const name = `post.${run.id}`;
  const { inputs, outputs, extra, error, events } = entry;
  const fields = Object.entries({ inputs, outputs, events, extra, error });
  return [
    { name, text: JSON.stringify(run) },
    ...fields.flatMap(([field, value]) =>
      value === undefined ? [] : [{ name: `${name}.${field}`, text: JSON.stringify(value) }],
    ),
  ];
}

function feedbackOperation(rowId: string, feedback: Feedback): Operation {
  const { id, key } = feedback;
  const own = { rowId, id, what: `the score ${quoted(key)}` };
  const text = JSON.stringify(feedback);
  return feedback.run_id === undefined
    ? { ...own, parts: [], alone: text }
    : { ...own, parts: [{ name: `feedback.${id}`, text }] };
}

/** A `multipart/form-data` body; the server wants the length of each part in its type. */
export function multipartBody(
  operations: readonly Operation[],
  boundary: string,
): { readonly body: Buffer; readonly contentType: string } {
  const chunks: string[] = [];
  for (const { parts } of operations) {
    for (const { name, text } of parts) {
      chunks.push(
        `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n` +
          `Content-Type: application/json; length=${Buffer.byteLength(text)}\r\n\r\n${text}\r\n`,
      );
    }
  }
  chunks.push(`--${boundary}--\r\n`);
  return {
    body: Buffer.from(chunks.join('')),
    contentType: `multipart/form-data; boundary=${boundary}`,
  };
}
