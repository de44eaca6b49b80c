import type { HttpTargetConfig } from '../contracts/config.js';
import { AssayError } from '../core/errors/assay-error.js';
import { resolvePointer } from '../core/json/pointer.js';
import type { Json, JsonObject } from '../core/json/json.js';
import { addressIdentity, headerIdentity } from '../core/manifest/http-identity.js';
import { targetImplementations } from '../core/manifest/implementations.js';
import type { Target } from './port.js';

/** An HTTP endpoint: sends the item's input as JSON and takes the answer, or a part of it, as the output. */
export function createHttpTarget(request: { name: string; config: HttpTargetConfig }): Target {
  const { name, config } = request;
  const inputs = inputsOf(config.body ?? null);
  return {
    name,
    evaluators: config.evaluators,
    missing: (input) => inputs.filter((path) => !hasField(input, path)),
    prompt: undefined,
    identity: {
      kind: 'http',
      name,
      method: config.method,
      url: addressIdentity(config.url),
      headers: headerIdentity(config.headers),
      ...(config.body === undefined ? {} : { body: config.body }),
      ...(config.output === undefined ? {} : { output: config.output }),
      implementation: targetImplementations.http,
    },
    planned: {
      kind: 'http',
      ...(config.costPerRequestUsd === undefined
        ? {}
        : { costPerRequestUsd: config.costPerRequestUsd }),
    },
    async run(input, context) {
      const answer = await context.http.request({
        name,
        url: config.url,
        method: config.method,
        headers: config.headers,
        body: config.body === undefined ? input : fill(config.body, input),
        timeoutMs: config.timeoutMs,
        maxBytes: config.maxBytes,
        signal: context.signal,
        ...(config.costPerRequestUsd === undefined
          ? {}
          : { costPerRequestUsd: config.costPerRequestUsd }),
      });
      return pick(answer, config.output);
    },
  };
}

const whole = /^\{\{\s*input(?:\.([^{}\s]+))?\s*\}\}$/;
const part = /\{\{\s*input(?:\.([^{}\s]+))?\s*\}\}/g;

// A text that is nothing but `{{input.x}}` becomes the value itself, so that objects and numbers stay what they are.
function fill(template: Json, input: JsonObject): Json {
  if (typeof template === 'string') {
    const only = whole.exec(template);
    if (only !== null) return field(input, only[1]);
    return template.replace(part, (_match, key: string | undefined) => {
      const value = field(input, key);
      return typeof value === 'string' ? value : JSON.stringify(value);
    });
  }
  if (Array.isArray(template)) return template.map((entry: Json) => fill(entry, input));
  if (typeof template === 'object' && template !== null) {
    return Object.fromEntries(
      Object.entries(template as JsonObject).map(([key, value]) => [key, fill(value, input)]),
    );
  }
  return template;
}

/** The inputs that a body names, each once. */
function inputsOf(template: Json): readonly string[] {
  if (typeof template === 'string') {
    const named = [...template.matchAll(part)].flatMap(([, path]) => path ?? []);
    return [...new Set(named)];
  }
  if (typeof template !== 'object' || template === null) return [];
  return [...new Set(Object.values(template as JsonObject).flatMap(inputsOf))];
}

/** Whether {@link field} finds something, null included: a misspelt name would send null for every item. */
function hasField(input: JsonObject, path: string): boolean {
  if (Object.hasOwn(input, path)) return true;
  let value: Json | undefined = input;
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return false;
    value = (value as JsonObject)[key];
  }
  return true;
}

// Own members only, or `{{input.constructor}}` would send a function's text. A field that is not there is null.
function field(input: JsonObject, path: string | undefined): Json {
  if (path === undefined) return input;
  if (Object.hasOwn(input, path)) return input[path] ?? null;
  let value: Json = input;
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return null;
    value = (value as JsonObject)[key] ?? null;
  }
  return value;
}

function pick(answer: string, pointer: string | undefined): Json {
  let json: Json;
  try {
    json = JSON.parse(answer) as Json;
  } catch {
    if (pointer === undefined) return answer;
    throw new AssayError('TARGET_OUTPUT_INVALID', 'The answer of the HTTP target is not JSON.', {
      mend: 'Leave `output` out of the target to take the answer as text.',
    });
  }
  if (pointer === undefined) return json;
  const value = resolvePointer(json, pointer);
  if (value === undefined) {
    throw new AssayError('TARGET_OUTPUT_INVALID', `The answer has nothing at ${pointer}.`);
  }
  return value;
}
