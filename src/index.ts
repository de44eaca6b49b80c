export { defineConfig } from './contracts/config.js';
export type {
  ConfigInput,
  EvaluatorFunction,
  EvaluatorResult,
  TargetContext,
  TargetFunction,
} from './contracts/config.js';
export { AssayError, type ErrorDocument, type Problem } from './core/errors/assay-error.js';
export type { ErrorCode } from './core/errors/catalogue.js';
