/**
 * Every error a user of Assay can meet, once. HTTP problem+json, the CLI's exit codes, Temporal failure
 * types and the page docs/reference/errors.md are all read from this table; a test proves they agree.
 *
 * - `status`: the HTTP status of the problem document.
 * - `exit`: the exit code of the CLI. 2 usage or configuration, 3 not found, 4 conflict, 5 a dependency is
 *   unreachable or refuses, 6 the run itself failed or ended incomplete, 7 a limit was met, 70 a defect of ours.
 * - `retry`: `never` (final), `later` (the same call can succeed when the world changes), `after` (a wait is known).
 */
export interface CatalogueEntry {
  readonly status: number;
  readonly exit: number;
  readonly retry: 'never' | 'later' | 'after';
  readonly title: string;
}

const usage = (title: string): CatalogueEntry => ({ status: 400, exit: 2, retry: 'never', title });
const missing = (title: string): CatalogueEntry => ({
  status: 404,
  exit: 3,
  retry: 'never',
  title,
});
const conflict = (title: string): CatalogueEntry => ({
  status: 409,
  exit: 4,
  retry: 'never',
  title,
});
const dependency = (title: string): CatalogueEntry => ({
  status: 503,
  exit: 5,
  retry: 'later',
  title,
});
const refused = (title: string): CatalogueEntry => ({
  status: 502,
  exit: 5,
  retry: 'never',
  title,
});
const run = (title: string): CatalogueEntry => ({ status: 422, exit: 6, retry: 'never', title });
const limit = (title: string): CatalogueEntry => ({ status: 429, exit: 7, retry: 'after', title });

export const catalogue = {
  // Input and configuration
  USAGE: usage('The command line is not understood'),
  CONFIG_INVALID: usage('The configuration has problems'),
  CONFIG_NOT_FOUND: missing('No assay.config.ts was found'),
  ENVIRONMENT_INVALID: usage('The environment has problems'),
  SPEC_INVALID: usage('The experiment specification has problems'),
  NAME_INVALID: usage('The name cannot be used'),
  FILE_UNWRITABLE: usage('A file or folder cannot be written'),
  NAME_UNSAFE: conflict('A name from a platform cannot be a folder here'),
  PULL_INTERRUPTED: conflict('A pull into the folder was interrupted'),
  PULL_CONFLICT: conflict('Local files differ from what would be pulled'),
  JSON_INVALID: usage('The file is not valid JSON'),
  DATASET_INVALID: usage('The dataset has problems'),
  DATASET_AMBIGUOUS: usage('The dataset is there in two forms'),
  DATASET_SCHEMA_INVALID: usage('The schema of the dataset cannot be used'),
  DATASET_CHANGED: conflict('The dataset is not the one that was meant'),
  DATASET_PUSH_RUNNING: conflict('Another push of the dataset is under way'),
  DATASET_PUSH_CANCELLED: run('The push of the dataset was cancelled'),
  DATASET_EMPTY: usage('The dataset has no items'),
  DATASET_NOT_FOUND: missing('The dataset does not exist'),
  SAMPLE_FIELD_INVALID: usage('The dataset cannot be sampled by this field'),
  TARGET_NOT_FOUND: missing('The target does not exist'),
  EVALUATOR_NOT_FOUND: missing('The evaluator does not exist'),
  GATE_INVALID: usage('The gate has problems'),
  PROMPT_INVALID: usage('The prompt has problems'),
  PROMPT_NOT_FOUND: missing('The prompt does not exist'),
  PROMPT_LABEL_INVALID: usage('The label cannot be used'),
  PROMPT_GATE_REFUSED: conflict('No passing gate stands for this content of the prompt'),
  PROMPT_HISTORY_MISSING: conflict('It is not known which version had the label before'),
  PROMPT_BUSY: conflict('Something else is being done to the prompt'),
  PROMPT_PUSH_FAILED: run('Not all prompts could be pushed'),
  PROMPT_VARIABLE_MISSING: usage('The prompt uses a variable that it is not given'),
  TARGET_VARIABLE_MISSING: usage('The request of the target uses an input that items do not have'),
  EXPERIMENT_NOT_FOUND: missing('The experiment does not exist'),
  TRACE_NOT_FOUND: missing('The trace does not exist'),
  BASELINE_NOT_FOUND: missing('The baseline does not exist'),
  GATE_NOT_FOUND: missing('The gate does not exist'),
  SCHEDULE_NOT_FOUND: missing('The schedule does not exist'),
  SCHEDULE_INVALID: usage('The schedule has problems'),
  REPORT_NOT_READY: missing('The report is not there yet'),
  CALIBRATION_NOT_FOUND: missing('The run has no calibration'),
  LABELS_INVALID: usage('The labelled set cannot be used'),
  PRICE_UNKNOWN: usage('The price of a model is not known, and the run has a budget'),
  BUDGET_TOO_SMALL: usage('The budget is smaller than one call'),
  BUDGET_NOT_SET: conflict('The experiment was started without a budget'),
  // Identity
  EXPERIMENT_CONFLICT: conflict('An experiment of this name has another content'),
  EXPERIMENT_EXISTS_ELSEWHERE: conflict(
    'The platform holds an experiment of this name from elsewhere',
  ),
  EXPERIMENT_NOT_ADMITTED: conflict('The experiment is still being admitted'),
  EXPERIMENT_FINISHED: conflict('The experiment has ended already'),
  EXPERIMENT_PAUSED: conflict('The experiment is paused already'),
  EXPERIMENT_NOT_PAUSED: conflict('The experiment is not paused'),
  CONCURRENCY_INVALID: usage('The concurrency is out of range'),
  BUDGET_INVALID: usage('The budget is not a possible one'),
  BUDGET_BELOW_SPENT: conflict('More than this budget is spent already'),
  EXPERIMENT_RUNNING: conflict('The experiment has not ended yet'),
  EXPERIMENT_PRUNED: conflict('The inputs and outputs of the experiment are gone'),
  NOTHING_TO_RETRY: conflict('No cell of the experiment failed'),
  NOTHING_TO_REJUDGE: conflict('Nothing of the experiment is to be judged again'),
  NOTHING_TO_EXTEND: conflict('The experiment has these repetitions already'),
  BASELINE_EXISTS: conflict('A baseline of this name holds something else'),
  BASELINE_BUSY: conflict('Something else is being done to the baseline'),
  BASELINE_IN_USE: conflict('Gates go by the baseline'),
  BASELINE_STALE: conflict('The base cannot be compared with the run of today'),
  BASELINE_OTHER_DATASET: conflict('The baseline is of another dataset'),
  GATE_CONFLICT: conflict('A gate of this name was asked for something else'),
  CODE_MISMATCH: conflict('The worker runs other code than the experiment was planned with'),
  // Dependencies
  TEMPORAL_UNREACHABLE: dependency('Temporal does not answer'),
  TEMPORAL_REFUSED: refused('Temporal refuses the call'),
  TEMPORAL_NOT_FOUND: dependency('No Temporal server could be found or built'),
  POSTGRES_UNREACHABLE: dependency('Postgres does not answer'),
  POSTGRES_START_FAILED: dependency('The embedded Postgres did not start'),
  PLATFORM_UNREACHABLE: dependency('The evaluation platform does not answer'),
  PLATFORM_UNAUTHORIZED: refused('The evaluation platform refuses the keys'),
  PLATFORM_PROJECT_CHANGED: refused('The keys belong to another project than the run'),
  PLATFORM_PROJECT_DIFFERS: conflict('The keys here and those of the worker are of two projects'),
  PLATFORM_REFUSED: refused('The evaluation platform refuses the request'),
  PLATFORM_UNSUPPORTED: refused('This server of the evaluation platform is not supported'),
  PLATFORM_NOT_CONFIGURED: dependency('There are no keys for the evaluation platform'),
  MODEL_UNREACHABLE: dependency('The model does not answer'),
  MODEL_UNAUTHORIZED: refused('The model refuses the key'),
  MODEL_REFUSED: refused('The model refuses the request'),
  MODEL_QUOTA_EXHAUSTED: refused('The quota at the model provider is used up'),
  MODEL_RATE_LIMITED: limit('The model asks to wait'),
  MODEL_ANSWER_INVALID: refused('The answer of the model cannot be read'),
  WORKER_MISSING: dependency('No worker is polling for this project'),
  WORKER_OUTDATED: dependency('The worker is older than the client'),
  SCHEMA_OUTDATED: dependency('The database schema is older than this build'),
  SCHEMA_TOO_NEW: refused('The database schema is newer than this build'),
  PORT_TAKEN: dependency('The port is in use'),
  STACK_RUNNING: conflict('The embedded stack of this folder is running already'),
  STACK_NOT_RUNNING: dependency('The embedded stack of this folder is not running'),
  CHILD_NOT_READY: dependency('A process of the embedded stack did not become ready'),
  // What happens to a cell (recorded as data, and raised where a single call fails)
  TARGET_FAILED: run('The target threw'),
  TARGET_TIMEOUT: run('The target did not return in time'),
  TARGET_OUTPUT_INVALID: run('The output of the target cannot be stored'),
  TARGET_HTTP_STATUS: run('The HTTP target answered with an error status'),
  TARGET_RATE_LIMITED: limit('The HTTP target asks to wait'),
  TARGET_QUOTA_EXHAUSTED: refused('The quota at the HTTP target is used up'),
  EVALUATOR_FAILED: run('The evaluator threw'),
  EVALUATOR_TIMEOUT: run('The evaluator did not return in time'),
  EVALUATOR_RESULT_INVALID: run('The evaluator returned something that is no score'),
  EVALUATOR_INPUT_INVALID: run('The evaluator cannot judge this output or expectation'),
  EVALUATOR_INPUT_TOO_LARGE: run('The text is larger than the evaluator takes'),
  EVALUATOR_HTTP_STATUS: run('The HTTP evaluator answered with an error status'),
  EVALUATOR_RATE_LIMITED: limit('The HTTP evaluator asks to wait'),
  EVALUATOR_QUOTA_EXHAUSTED: refused('The quota at the HTTP evaluator is used up'),
  JUDGE_VERDICT_INVALID: run('The verdict of the judge does not fit its schema'),
  REGEX_TIMEOUT: run('The regular expression did not end in time'),
  CELL_ABORTED: run('The cell was being run when its experiment was ended'),
  WORKER_LOST: run('The cell ended its worker three times'),
  CALL_CLAIM_REFUSED: {
    status: 409,
    exit: 70,
    retry: 'after',
    title: 'Another worker holds this call',
  },
  BUDGET_EXHAUSTED: {
    status: 402,
    exit: 7,
    retry: 'later',
    title: 'The budget of the experiment is used up',
  },
  // Outbound guard
  ADDRESS_FORBIDDEN: usage('The address is not allowed'),
  RESPONSE_TOO_LARGE: run('The response is larger than allowed'),
  REDIRECT_REFUSED: run('The response redirects, which is not followed'),
  // Results of a run
  EXPERIMENT_FAILED: run('The experiment failed'),
  EXPERIMENT_CANCELLED: run('The experiment was cancelled'),
  MAX_FAILURES: run('More cells failed than the experiment allows'),
  EARLY_STOP: run('The verdict of the gate was settled before this cell ran'),
  EXPERIMENT_UNVERIFIED: run('Not everything published could be read back'),
  EXPERIMENT_HAS_ERRORS: run('Some cells ended in an error'),
  CALIBRATION_EMPTY: run('No verdict of the judge could be held against a label'),
  GATE_RUN_FAILED: run('A run of the gate did not end well'),
  GATE_COMPARISON_FAILED: run('The runs of the gate could not be compared'),
  MIGRATION_TRACE_INVALID: run('A trace of the other platform cannot be written'),
  MIGRATION_SOURCE_MISSING: missing('What is to be moved is not on the source'),
  MIGRATION_NOT_FOUND: missing('There is no move between platforms of this name'),
  MIGRATION_EXISTS: conflict('There is another move of this name'),
  MIGRATION_ENDED: conflict('The move is not under way'),
  MIGRATION_CANCELLED: run('The move was cancelled'),
  MIGRATION_DIFFERS: run('What was moved does not read back equal'),
  WAIT_TIMEOUT: {
    status: 504,
    exit: 6,
    retry: 'later',
    title: 'The experiment has not ended in the given time',
  },
  INTERNAL: { status: 500, exit: 70, retry: 'never', title: 'A defect of Assay' },
} as const satisfies Record<string, CatalogueEntry>;

/** The stable name of an error; callers switch on it, never on the message. */
export type ErrorCode = keyof typeof catalogue;

/** Looks an entry up by its code. */
export function catalogueEntry(code: ErrorCode): CatalogueEntry {
  return catalogue[code];
}

/** Whether a text is the code of an error of ours. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(catalogue, text);
}
