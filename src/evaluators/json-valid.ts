import type { Json } from '../core/json/json.js';
import { given, oneScore, type Building, type Built } from './building.js';
import { parseJson, partName, pathOption, readOutput } from './judged-value.js';
import { booleanScore, scoreComment, shown } from './score-text.js';

/**
 * Whether the output at `path` is JSON: a text must be as a whole (no code fences, nothing around it), what a target gave as
 * JSON is. BOOLEAN; applies to every item. `type` says that it must be an object or a list.
 */
export function buildJsonValid({ name, config }: Building<'json_valid'>): Built {
  const { path, type, required } = config;
  return oneScore({
    name,
    required,
    identity: {
      name,
      kind: config.kind,
      required,
      options: { ...pathOption(path), ...given({ type }) },
    },
    evaluate({ output }) {
      const part = readOutput(output, path);
      const problem = part.found ? problemOf(part.value, type) : part.reason;
      const passed = problem === undefined;
      const value = part.found ? ` Value: ${shown(part.value)}.` : '';
      const comment = scoreComment({
        reasoning: passed ? `Valid JSON.${value}` : `${problem}${part.found ? value : ''}`,
        [passed ? 'passed' : 'failed']: [partName(path)],
      });
      return booleanScore({ evaluator: name, passed, comment });
    },
  });
}

function problemOf(value: Json, type: 'any' | 'object' | 'array'): string | undefined {
  let json = value;
  if (typeof value === 'string') {
    // Where it breaks is not said: the words of JSON.parse differ from one version of Node to the next.
    const parsed = parseJson(value);
    if (parsed === undefined) return 'It is no JSON.';
    json = parsed;
  }
  const actual = Array.isArray(json)
    ? 'array'
    : typeof json === 'object' && json !== null
      ? 'object'
      : 'scalar';
  return type === 'any' || actual === type
    ? undefined
    : `It is JSON, but no ${type === 'array' ? 'list' : 'object'}.`;
}
