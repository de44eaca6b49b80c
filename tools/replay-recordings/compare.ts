import type { Mapping } from './mapping.js';
import type { Recording } from './recording.js';
import type { Answer } from './request.js';

type Loose = Readonly<Record<string, unknown>>;

/** What differs between the recorded answer and ours; empty when they agree. */
export function compareAnswers(
  recording: Recording,
  answer: Answer,
  mapping: Mapping,
): readonly string[] {
  const { status, headers = {}, body } = recording.response;
  const differences: string[] = [];
  if (status !== answer.status)
    differences.push(`status: ${status} recorded, ${answer.status} ours`);
  const type = headers['content-type']?.split(';')[0];
  if (type !== undefined && answer.contentType?.split(';')[0] !== type && body !== null)
    differences.push(`content-type: ${type} recorded, ${answer.contentType ?? 'none'} ours`);
  for (const [name, value] of Object.entries(headers))
    if (name.startsWith('access-control') && answer.headers[name] !== value)
      differences.push(`${name}: ${value} recorded, ${String(answer.headers[name])} ours`);
  return [...differences, ...bodyDifferences(recording, answer, mapping)];
}

function bodyDifferences(
  recording: Recording,
  answer: Answer,
  mapping: Mapping,
): readonly string[] {
  const { body } = recording.response;
  if (isObject(body) && '$html' in body)
    return typeof answer.body === 'string' ? [] : ['body: HTML recorded, none ours'];
  if (isObject(body) && isObject(answer.body)) {
    // The answer of OTLP is a job of the server's queue: its ids and options are its own affair.
    if (body['name'] === 'otel-ingestion-job')
      return answer.body['name'] === body['name'] ? [] : ['body: a queue job recorded, none ours'];
    if (recording.response.status >= 400 && recording.response.status !== 207)
      return errorDifferences(body, answer.body, mapping);
  }
  const found: string[] = [];
  diff(arranged(recording, answer, mapping), { path: '', key: '', found, mapping });
  return found;
}

/** Errors: the message and the kind of `error`; the details of validation are zod's own affair. */
function errorDifferences(recorded: Loose, ours: Loose, mapping: Mapping): readonly string[] {
  const found: string[] = [];
  const message = mapping.translate(String(recorded['message']));
  if (message !== String(ours['message']))
    found.push(`message: ${show(message)} recorded, ${show(ours['message'])} ours`);
  const kind = (error: unknown) => (Array.isArray(error) ? 'issues' : error);
  if (kind(recorded['error']) !== kind(ours['error']))
    found.push(`error: ${show(recorded['error'])} recorded, ${show(ours['error'])} ours`);
  if (Array.isArray(recorded['errors']) !== Array.isArray(ours['errors']))
    found.push('errors: a list on one side only');
  return found;
}

function arranged(
  recording: Recording,
  answer: Answer,
  mapping: Mapping,
): { recorded: unknown; ours: unknown } {
  const { body } = recording.response;
  if (isUnordered(recording)) return { recorded: sorted(body), ours: sorted(answer.body) };
  if (!chanceRoutes.test(recording.request.path)) return { recorded: body, ours: answer.body };
  return {
    recorded: withListsSorted(body, (id) => mapping.translate(id)),
    ours: withListsSorted(answer.body, (id) => id),
  };
}

/** Answers whose order is the engine's chance: metrics without orderBy. */
function isUnordered({ request }: Recording): boolean {
  return request.path.includes('/metrics?') && !request.path.includes('orderBy');
}

// What hangs on a trace or session, the models of a day, the lists of a 207: they came in another order from
// each recorded server.
const chanceRoutes = /^\/api\/public\/(?:traces|sessions|metrics\/daily|ingestion)\b/;
const chanceLists = new Set(['scores', 'observations', 'traces', 'usage', 'successes', 'errors']);

function withListsSorted(value: unknown, idOf: (id: string) => string): unknown {
  if (Array.isArray(value)) return value.map((inner) => withListsSorted(inner, idOf));
  if (!isObject(value)) return value;
  const keyOf = (entry: unknown): string =>
    idOf(isObject(entry) ? String(entry['id'] ?? entry['model']) : String(entry));
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      chanceLists.has(key) && Array.isArray(inner)
        ? [...(inner as readonly unknown[])].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
        : withListsSorted(inner, idOf),
    ]),
  );
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value))
    return value.map(sorted).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, inner]) => [key, sorted(inner)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

interface Place {
  readonly path: string;
  readonly key: string;
  readonly found: string[];
  readonly mapping: Mapping;
}

function diff(pair: { recorded: unknown; ours: unknown }, place: Place): void {
  const { recorded, ours } = pair;
  const at = place.path === '' ? 'body' : place.path;
  if (Array.isArray(recorded) && Array.isArray(ours)) {
    if (recorded.length !== ours.length)
      place.found.push(`${at}: ${recorded.length} rows recorded, ${ours.length} ours`);
    for (const [index, value] of recorded.entries())
      if (index < ours.length)
        diff(
          { recorded: value, ours: ours[index] as unknown },
          { ...place, path: `${at}[${index}]` },
        );
    return;
  }
  if (isObject(recorded) && isObject(ours)) {
    diffObjects(recorded, ours, { ...place, path: at });
    return;
  }
  if (Object.is(recorded, ours)) return;
  if (typeof recorded === 'number' && typeof ours === 'number' && close(recorded, ours)) return;
  if (typeof recorded === 'string' && place.mapping.matches(place.key, recorded, ours)) return;
  if (isZodText(recorded) && isZodText(ours)) return;
  place.found.push(`${at}: ${show(recorded)} recorded, ${show(ours)} ours`);
}

function diffObjects(recorded: Loose, ours: Loose, place: Place): void {
  const keys = new Set([...Object.keys(recorded), ...Object.keys(ours)]);
  for (const key of keys) {
    // The ids of a resolution graph are its keys.
    const oursKey = key in ours ? key : place.mapping.translate(key);
    if (
      !(key in recorded) &&
      [...Object.keys(recorded)].some((k) => place.mapping.translate(k) === key)
    )
      continue;
    if (!(key in recorded)) place.found.push(`${place.path}.${key}: only ours`);
    else if (!(oursKey in ours)) place.found.push(`${place.path}.${key}: only recorded`);
    else
      diff(
        { recorded: recorded[key], ours: ours[oursKey] },
        { ...place, path: `${place.path}.${key}`, key },
      );
  }
}

const isZodText = (value: unknown) => typeof value === 'string' && /^\[\s*\{/.test(value);
const close = (a: number, b: number) => Math.abs(a - b) <= 1e-12 * Math.max(1, Math.abs(a));

function isObject(value: unknown): value is Loose {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
}
