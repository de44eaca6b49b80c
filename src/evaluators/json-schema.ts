import { createRequire } from 'node:module';

import { Ajv, type AnySchema, type Options } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

import { AssayError, type Problem } from '../core/errors/assay-error.js';
import type { Json, JsonObject } from '../core/json/json.js';
import { oneScore, type Building, type Built } from './building.js';
import { parseJson, partName, pathOption, readOutput } from './judged-value.js';
import { booleanScore, cut, scoreComment, shown } from './score-text.js';
import { messageOf } from './thrown.js';
import type { ThreadPool } from './threads/thread-pool.js';
import type { SchemaAnswer } from './threads/thread-source.js';

// A keyword that is misspelt checks nothing, so unknown ones are problems. `$data` stays off: with it the judged
// output could bring patterns of its own. ajv compiles a schema to code; schemas come from the team's config, which
// is code already, and never from an output.
const options: Options = {
  strict: true,
  strictTypes: false,
  strictTuples: false,
  strictRequired: false,
  allowUnionTypes: true,
  allErrors: true,
  logger: false,
};

/** How long a schema with patterns may take on one output. */
const threadLimitMs = 2000;
const draft7 = /^https?:\/\/json-schema\.org\/draft-0[67]\/schema#?$/;
const drafts = {
  '2020': { Ajv: Ajv2020, module: 'ajv/dist/2020.js' },
  '2019': { Ajv: Ajv2019, module: 'ajv/dist/2019.js' },
  '7': { Ajv, module: 'ajv' },
} as const;

type Check = (value: Json, signal: AbortSignal) => Promise<SchemaAnswer>;

/**
 * Whether the output at `path` fits a JSON schema (draft 2020-12, or the draft that `$schema` names: 2019-09, 07,
 * 06; with the formats of ajv-formats). BOOLEAN; applies to every item.
 *
 * Text is checked as text first, and where it does not fit and is JSON as a whole, as that JSON. Schemas with
 * `pattern`, `patternProperties`, `format` or `uniqueItems` run in a thread with a limit of two seconds (EVALUATOR_TIMEOUT).
 */
export function buildJsonSchema({ name, config, threads }: Building<'json_schema'>): Built {
  const { path, required } = config;
  const schema = config.schema;
  const compiled = compile(schema, threads);
  if (typeof compiled !== 'function') {
    return { problems: [{ at: `evaluators.${name}.schema`, ...compiled }] };
  }
  return oneScore({
    name,
    required,
    identity: { name, kind: config.kind, required, options: { ...pathOption(path), schema } },
    async evaluate({ output }, { signal }) {
      const part = readOutput(output, path);
      const failures = part.found
        ? await checkText({ check: compiled, value: part.value, signal })
        : [part.reason];
      const passed = failures.length === 0;
      const value = part.found ? ` Value: ${shown(part.value)}.` : '';
      const comment = passed
        ? scoreComment({ reasoning: `Fits the schema.${value}`, passed: [partName(path)] })
        : scoreComment({
            reasoning: `Does not fit the schema in ${failures.length} places.${value}`,
            failed: failures,
          });
      return booleanScore({ evaluator: name, passed, comment });
    },
  });
}

async function checkText(from: {
  check: Check;
  value: Json;
  signal: AbortSignal;
}): Promise<readonly string[]> {
  const { check, value, signal } = from;
  const direct = await check(value, signal);
  if (direct.length === 0 || typeof value !== 'string') return direct.map(describe);
  const json = parseJson(value);
  if (json !== undefined) return (await check(json, signal)).map(describe);
  return [...direct.map(describe), 'the output is text that is not JSON'];
}

const describe = ({ instancePath, message }: SchemaAnswer[number]): string =>
  cut(`${instancePath === '' ? 'the value' : instancePath} ${message}`);

/** The check, or what is wrong with the schema. */
function compile(schema: JsonObject, threads: ThreadPool): Check | Omit<Problem, 'at'> {
  const draft = draftOf(schema['$schema']);
  if (draft === undefined) {
    return { message: '`$schema` names a draft that is not known (2020-12, 2019-09, 07, 06).' };
  }
  if (schema['$async'] === true) return { message: 'Asynchronous schemas are not supported.' };
  try {
    const ajv = new draft.Ajv(options);
    addFormats.default(ajv);
    const validate = ajv.compile(withoutDraft06(schema));
    if (takesLong(schema)) return inThread({ schema, module: draft.module, threads });
    return (value) => {
      const fits = validate(value);
      const errors = fits ? [] : (validate.errors ?? []).slice(0, 50);
      return Promise.resolve(
        errors.map(({ instancePath, message }) => ({
          instancePath,
          message: message ?? 'does not fit',
        })),
      );
    };
  } catch (error) {
    return unusable(error);
  }
}

// Nothing is ever fetched: what a server says tomorrow would decide scores, and a manifest could not tell.
function unusable(error: unknown): Omit<Problem, 'at'> {
  const { missingRef } = error as { readonly missingRef?: unknown };
  if (typeof missingRef === 'string' && /^[a-z][a-z0-9+.-]*:/i.test(missingRef)) {
    return {
      message: `The schema refers to ${cut(missingRef, 150)}, and nothing is fetched from elsewhere.`,
      mend: 'Copy what it refers to into `$defs`, and refer to it as "#/$defs/NAME".',
    };
  }
  return { message: `The schema cannot be used: ${messageOf(error, 200)}` };
}

function draftOf(uri: Json | undefined): (typeof drafts)[keyof typeof drafts] | undefined {
  if (uri === undefined) return drafts['2020'];
  if (typeof uri !== 'string') return undefined;
  if (uri.startsWith('https://json-schema.org/draft/2020-12/schema')) return drafts['2020'];
  if (uri.startsWith('https://json-schema.org/draft/2019-09/schema')) return drafts['2019'];
  return draft7.test(uri) ? drafts['7'] : undefined;
}

// ajv knows draft 07's meta-schema by its exact name only; 06 differs from 07 by what 07 adds.
function withoutDraft06(schema: JsonObject): AnySchema {
  const { $schema: uri, ...rest } = schema;
  return typeof uri === 'string' && draft7.test(uri) ? rest : schema;
}

// Patterns of the schema, and some formats, backtrack on the output's text, and `uniqueItems` compares each entry with each:
// these must not run on the main thread.
function takesLong(schema: Json): boolean {
  if (typeof schema !== 'object' || schema === null) return false;
  return Object.entries(schema as JsonObject).some(
    ([key, value]) =>
      /^(?:pattern|patternProperties|format|uniqueItems)$/.test(key) || takesLong(value),
  );
}

function inThread(from: { schema: JsonObject; module: string; threads: ThreadPool }): Check {
  const { resolve } = createRequire(import.meta.url);
  const job = {
    kind: 'schema',
    ajvFile: resolve(from.module),
    formatsFile: resolve('ajv-formats'),
    options,
    schema: JSON.stringify(withoutDraft06(from.schema)),
  } as const;
  return async (value, signal) => {
    const limits = { timeoutMs: threadLimitMs, signal };
    const outcome = await from.threads.run({ ...job, value }, limits);
    if (outcome.kind === 'answer') return outcome.value as SchemaAnswer;
    throw new AssayError(
      'EVALUATOR_TIMEOUT',
      `The schema's patterns or uniqueItems did not end within ${threadLimitMs} ms.`,
      {
        mend: 'Rewrite nested repetitions such as (a+)+ in the patterns; bound `maxItems` where items are unique.',
      },
    );
  };
}
