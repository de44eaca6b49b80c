/** What a thread can be asked for. */
export type ThreadJob =
  | {
      readonly kind: 'regex';
      readonly pattern: string;
      readonly flags: string;
      readonly text: string;
    }
  | {
      readonly kind: 'schema';
      /** Absolute paths of the modules, since a thread made from a text resolves from the working folder. */
      readonly ajvFile: string;
      readonly formatsFile: string;
      readonly options: object;
      /** The schema as JSON text: also the key under which the compiled schema is kept. */
      readonly schema: string;
      readonly value: unknown;
    };

/** The first match of a pattern, its text cut to 200 characters; null where there is none. */
export type RegexAnswer = { readonly text: string; readonly index: number } | null;

/** What does not fit a schema; empty where all fits. */
export type SchemaAnswer = readonly { readonly instancePath: string; readonly message: string }[];

/**
 * The thread's program. A text, since the same code runs from TypeScript sources in tests, from `dist` and from a
 * bundle, and only a text is at the same place in all three. Shared memory holds the job's clock: [0] 0 waiting,
 * 1 at work, 2 done; bytes 8–15 when the work began (Date.now()), compiling not included.
 */
export const threadSource = `'use strict';
const { parentPort } = require('node:worker_threads');
const schemas = new Map();

function prepare(job) {
  if (job.kind === 'regex') {
    const regex = new RegExp(job.pattern, job.flags);
    return () => {
      const match = regex.exec(job.text);
      return match === null ? null : { text: match[0].slice(0, 200), index: match.index };
    };
  }
  const validate = schemaOf(job);
  return () =>
    validate(job.value)
      ? []
      : validate.errors.slice(0, 50).map(({ instancePath, message }) => ({ instancePath, message }));
}

function schemaOf(job) {
  const key = job.ajvFile + job.schema;
  let validate = schemas.get(key);
  if (validate === undefined) {
    const Ajv = require(job.ajvFile).default;
    const ajv = new Ajv(job.options);
    require(job.formatsFile).default(ajv);
    validate = ajv.compile(JSON.parse(job.schema));
    if (schemas.size >= 50) schemas.clear();
    schemas.set(key, validate);
  }
  return validate;
}

parentPort.on('message', ({ job, clock }) => {
  const state = new Int32Array(clock, 0, 1);
  let answer;
  try {
    const work = prepare(job);
    new Float64Array(clock, 8, 1)[0] = Date.now();
    Atomics.store(state, 0, 1);
    answer = { value: work() };
  } catch (error) {
    answer = { error: error instanceof Error ? error.message : String(error) };
  }
  Atomics.store(state, 0, 2);
  parentPort.postMessage(answer);
});
`;
