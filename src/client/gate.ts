import { schemaProblems } from '../contracts/schema-problems.js';
import type { GateRequest, GateRequestInput } from '../contracts/gate-protocol.js';
import { gateRequestSchema } from '../contracts/gate-protocol.js';
import { AssayError } from '../core/errors/assay-error.js';
import type { GateReport } from '../core/gate/gate-report.js';
import { gateMarkdown } from '../core/gate/markdown.js';
import { isSameGate, requestDifferences } from '../core/gate/same-request.js';
import { findGate, gateReport, listGates, type GateRecord } from '../store/gates.js';
import { submitGate } from './gate-submit.js';
import { lookUntil } from './look-until.js';
import type { Transport } from './transport.js';

export type { GateReport } from '../core/gate/gate-report.js';
export type { GateRecord } from '../store/gates.js';

/** Which gate. */
export interface GateKey {
  readonly project: string;
  readonly name: string;
}

export interface GateWaitOptions {
  /** Default: as long as it takes. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Told about every look, about once a second. */
  readonly onProgress?: (gate: GateRecord) => void | Promise<void>;
}

/** Regression tests: a run against a base, and a verdict of pass, regress or inconclusive. */
export interface Gates {
  /**
   * Starts a gate, or attaches to the same one. It goes on whatever becomes of the caller, and runs nothing twice.
   *
   * @throws AssayError GATE_INVALID with all problems at once, BASELINE_NOT_FOUND, BASELINE_STALE, BASELINE_OTHER_DATASET,
   *   EXPERIMENT_NOT_FOUND, EXPERIMENT_RUNNING, GATE_CONFLICT, WORKER_MISSING, TEMPORAL_UNREACHABLE, and what stands in
   *   the way of the head's run: DATASET_*, TARGET_NOT_FOUND, …
   */
  start(request: GateRequestInput): Promise<GateRecord>;
  /**
   * Resolves when there is a verdict; it may still be on its way to the platform then.
   *
   * @throws AssayError why there is none (GATE_RUN_FAILED, EXPERIMENT_CONFLICT, …), WAIT_TIMEOUT, GATE_NOT_FOUND
   */
  wait(key: GateKey, options?: GateWaitOptions): Promise<GateReport>;
  /** @throws AssayError GATE_NOT_FOUND */
  get(key: GateKey): Promise<GateRecord>;
  /** The whole comparison. @throws AssayError GATE_NOT_FOUND, REPORT_NOT_READY while there is no verdict. */
  report(key: GateKey): Promise<GateReport>;
  /** The verdict as markdown, fit for a comment on a pull request. @throws as {@link report} */
  markdown(key: GateKey): Promise<string>;
  /** The newest first. */
  list(of: { readonly project: string; readonly limit?: number }): Promise<readonly GateRecord[]>;
}

/** How long between two looks while waiting, in milliseconds. */
const lookEveryMs = 500;

export function createGates(transport: Transport): Gates {
  const get = async (key: GateKey): Promise<GateRecord> => {
    const gate = await findGate(await transport.store(), key);
    if (gate !== undefined) return gate;
    throw new AssayError('GATE_NOT_FOUND', `There is no gate "${key.name}".`, {
      mend: 'See `assay gate list`.',
    });
  };
  const report = async (key: GateKey): Promise<GateReport> => {
    const { id, verdict, status } = await get(key);
    if (verdict === undefined) {
      throw new AssayError('REPORT_NOT_READY', `The gate "${key.name}" is ${status}.`);
    }
    // Written by our own engine with the verdict.
    return (await gateReport(await transport.store(), id)) as GateReport;
  };
  return {
    get,
    report,
    markdown: async (key) => gateMarkdown(await report(key)),
    list: async ({ project, limit = 50 }) => listGates(await transport.store(), { project, limit }),
    async start(input) {
      const request = parseGate(input);
      const admission = await submitGate(await transport.temporal(), request);
      if (admission.outcome === 'rejected') throw AssayError.from(admission.error);
      const gate = await get(request);
      // Attached to one that runs: whether it is the same was decided when that one was asked for.
      if (!isSameGate(gate, request)) {
        throw new AssayError('GATE_CONFLICT', `"${gate.name}" was asked for something else.`, {
          problems: requestDifferences(gate.request, request),
          mend: 'Choose another name.',
        });
      }
      return gate;
    },
    wait: (key, { onProgress, timeoutMs, signal } = {}) =>
      lookUntil(() => get(key), {
        everyMs: lookEveryMs,
        timeoutMs,
        signal,
        async endOf(gate) {
          await onProgress?.(gate);
          if (gate.status === 'decided') return report(key);
          if (gate.status !== 'failed') return undefined;
          throw gate.error === undefined
            ? new AssayError('INTERNAL', `The gate "${key.name}" failed.`)
            : AssayError.from(gate.error);
        },
        late: () =>
          new AssayError('WAIT_TIMEOUT', `"${key.name}" has no verdict in the given time.`, {
            mend: 'It goes on: run the same gate again to attach to it.',
          }),
      }),
  };
}

/** @throws AssayError GATE_INVALID with all problems at once. */
function parseGate(input: GateRequestInput): GateRequest {
  const parsed = gateRequestSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new AssayError('GATE_INVALID', 'What was asked of the gate has problems.', {
    problems: schemaProblems(parsed.error, 'request'),
  });
}
