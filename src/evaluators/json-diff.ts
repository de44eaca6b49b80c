import type { Json, JsonObject } from '../core/json/json.js';
import { given, oneScore, type Building, type Built } from './building.js';
import { parseJson, pathOption, readExpected, readOutput } from './judged-value.js';
import { numberScore, reaches, scoreComment, shown } from './score-text.js';

/**
 * The share of fields in which the output equals what is expected, both at `path`. NUMERIC in [0, 1]: equal fields ÷ all
 * fields of both (or of the expectation alone, with `extra: 'ignore'`). A field is a value that holds no others, named by its
 * JSON pointer; lists are compared place by place. The comment lists each field. Does not apply where nothing is expected.
 */
export function buildJsonDiff({ name, config }: Building<'json_diff'>): Built {
  const { path, ignore, tolerance, extra, passAt, required } = config;
  return oneScore({
    name,
    required,
    identity: {
      name,
      kind: config.kind,
      required,
      options: {
        ...pathOption(path),
        ...given({ ignore: [...ignore].sort(), tolerance, extra, passAt }),
      },
    },
    evaluate({ output, expected: whole }) {
      const expected = readExpected(whole, path);
      if (expected === undefined) return [];
      const wanted = fieldsOf(expected, ignore);
      const part = readOutput(output, path);
      const actual = part.found ? asJson(part.value, expected) : undefined;
      const got = actual === undefined ? new Map<string, Json>() : fieldsOf(actual, ignore);
      const { equal, wrong } = compare({ wanted, got, tolerance, extra });
      const all = equal.length + wrong.length;
      // Nothing but ignored fields: there is nothing to be wrong.
      if (all === 0) return [];
      const value = equal.length / all;
      const missing = part.found
        ? actual === undefined
          ? ` The output is text, not JSON: ${shown(part.value)}.`
          : ''
        : ` ${part.reason}`;
      const comment = scoreComment({
        reasoning: `${equal.length} of ${all} fields are equal.${missing}`,
        passed: equal,
        failed: wrong,
      });
      return [numberScore({ evaluator: name, value, passed: reaches(value, passAt), comment })];
    },
  });
}

// A target's text is read as JSON where JSON is expected; undefined where it is none.
function asJson(value: Json, expected: Json): Json | undefined {
  const isText = typeof value === 'string' && typeof expected === 'object' && expected !== null;
  return isText ? parseJson(value) : value;
}

/** The values that hold no others, by their pointer; the empty pointer for a value that is one itself. */
function fieldsOf(value: Json, ignore: readonly string[]): ReadonlyMap<string, Json> {
  const fields = new Map<string, Json>();
  const open: [pointer: string, value: Json][] = [['', value]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [pointer, inner] = next;
    if (ignore.includes(pointer)) continue;
    const members =
      typeof inner === 'object' && inner !== null ? Object.entries(inner as JsonObject) : [];
    if (members.length === 0) fields.set(pointer, inner);
    for (const [key, member] of members.reverse()) {
      open.push([`${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, member]);
    }
  }
  return fields;
}

function compare(of: {
  wanted: ReadonlyMap<string, Json>;
  got: ReadonlyMap<string, Json>;
  tolerance: number;
  extra: 'count' | 'ignore';
}): { equal: readonly string[]; wrong: readonly string[] } {
  const { wanted, got, tolerance, extra } = of;
  const equal: string[] = [];
  const wrong: string[] = [];
  for (const [pointer, value] of wanted) {
    const other = got.get(pointer);
    const at = pointer === '' ? 'output' : pointer;
    if (other === undefined) wrong.push(`${at} (missing)`);
    else if (sameField({ value, other, tolerance })) equal.push(at);
    else wrong.push(`${at} (expected ${shown(value)}, got ${shown(other)})`);
  }
  if (extra === 'count') {
    for (const [pointer, value] of got) {
      if (!wanted.has(pointer)) {
        wrong.push(`${pointer === '' ? 'output' : pointer} (not expected: ${shown(value)})`);
      }
    }
  }
  return { equal, wrong };
}

function sameField(of: { value: Json; other: Json; tolerance: number }): boolean {
  const { value, other, tolerance } = of;
  if (typeof value === 'number' && typeof other === 'number') {
    return Math.abs(value - other) <= tolerance;
  }
  // Both hold nothing here: {} and [] are equal to themselves alone.
  return JSON.stringify(value) === JSON.stringify(other);
}
