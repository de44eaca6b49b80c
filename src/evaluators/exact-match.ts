import { jsonEqual, type Json, type JsonObject } from '../core/json/json.js';
import { oneScore, type Building, type Built } from './building.js';
import {
  parseJson,
  partName,
  pathOption,
  readExpected,
  readOutput,
  type JudgedValue,
} from './judged-value.js';
import { booleanScore, scoreComment, shown } from './score-text.js';

/**
 * Equality of the output with what the item expects, both at `path`. BOOLEAN; does not apply where nothing is
 * expected there.
 *
 * - JSON is equal whatever the order of its keys. `trim` and `ignoreCase` hold for every text value in it.
 * - A target's text has no types: as a whole (no `path`) the text `5` equals the number 5, and `{"a":1}` the object.
 *   Inside JSON, `"5"` and 5 differ.
 * - Text that is no JSON, where the item expects JSON or a path is given, fails and says so.
 */
export function buildExactMatch({ name, config }: Building<'exact_match'>): Built {
  const { path, ignoreCase, trim, required } = config;
  const normal = (value: Json): Json => normalise(value, { ignoreCase, trim });
  return oneScore({
    name,
    required,
    identity: {
      name,
      kind: config.kind,
      required,
      options: { ...pathOption(path), ignoreCase, trim },
    },
    evaluate: ({ output, expected: whole }) => {
      const expected = readExpected(whole, path);
      if (expected === undefined) return Promise.resolve([]);
      const actual = toCompare({ output, expected, path });
      const passed = actual.found && jsonEqual(normal(expected), normal(actual.value));
      const part = partName(path);
      const comment = passed
        ? scoreComment({ reasoning: `Equal to ${shown(expected)}.`, passed: [part] })
        : scoreComment({
            reasoning: actual.found
              ? `Expected ${shown(expected)}, got ${shown(actual.value)}.`
              : `${actual.reason} Expected ${shown(expected)}.`,
            failed: actual.found
              ? differences({ expected: normal(expected), actual: normal(actual.value), at: part })
              : [part],
          });
      return Promise.resolve(booleanScore({ evaluator: name, passed, comment }));
    },
  });
}

function toCompare(from: { output: Json; expected: Json; path: string | undefined }): JudgedValue {
  const { output, expected, path } = from;
  const part = readOutput(output, path);
  if (partName(path) !== 'output' || !part.found) return part;
  if (typeof output === 'string' && typeof expected !== 'string') {
    const json = parseJson(output);
    if (json !== undefined) return { found: true, value: json };
    return { found: false, reason: `The output is text, not JSON: ${shown(output)}.` };
  }
  // The other way round: an HTTP target's text answer `5` was read as the number 5.
  const isBare = typeof output === 'number' || typeof output === 'boolean';
  return typeof expected === 'string' && isBare ? { found: true, value: String(output) } : part;
}

function normalise(value: Json, how: { ignoreCase: boolean; trim: boolean }): Json {
  if (typeof value === 'string') {
    const trimmed = how.trim ? value.trim() : value;
    return how.ignoreCase ? trimmed.toLowerCase() : trimmed;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((entry: Json) => normalise(entry, how));
  return Object.fromEntries(
    Object.entries(value as JsonObject).map(([key, entry]) => [key, normalise(entry, how)]),
  );
}

// The places that differ, so that a report shows which field of an object is wrong.
function differences(compared: { expected: Json; actual: Json; at: string }): readonly string[] {
  const { expected, actual, at } = compared;
  if (!isContainer(expected) || !isContainer(actual)) return [at];
  if (Array.isArray(expected) !== Array.isArray(actual)) return [at];
  const before = Object.entries(expected as JsonObject);
  const after = new Map(Object.entries(actual as JsonObject));
  const known = new Set(before.map(([key]) => key));
  const place = (key: string): string =>
    `${at === 'output' ? '' : at}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  const changed = before.flatMap(([key, value]) => {
    const other = after.get(key);
    if (other === undefined) return [`${place(key)} (missing)`];
    return jsonEqual(value, other)
      ? []
      : differences({ expected: value, actual: other, at: place(key) });
  });
  const added = [...after.keys()].filter((key) => !known.has(key));
  return [...changed, ...added.map((key) => `${place(key)} (not expected)`)];
}

const isContainer = (value: Json): boolean => typeof value === 'object' && value !== null;
