import type { CallRecord } from '../contracts/records.js';
import { AssayError } from '../core/errors/assay-error.js';
import type { Json, JsonObject } from '../core/json/json.js';
import { resolvePointer } from '../core/json/pointer.js';
import { given, oneScore, type Building, type Built } from './building.js';
import { parseJson, readExpected } from './judged-value.js';
import { matchCalls, readToolCall, type ToolCall } from './measures/tool-call.js';
import type { EvaluationInput } from './port.js';
import { booleanScore, cut, scoreComment, shown } from './score-text.js';

/** More calls than this in one cell are a loop, and comparing them takes their product. */
const mostCalls = 500;

/**
 * Whether the tools were called that the item expects. BOOLEAN; does not apply where the item says nothing of calls, while an
 * empty list says that there must be none.
 *
 * The calls are a list in the output, in the form of any of the usual libraries (see measures/tool-call.ts), or with
 * `from: 'trace'` those in the answers of the cell's model calls. An output without such a list made no calls.
 */
export function buildToolCalls({ name, config }: Building<'tool_calls'>): Built {
  const { from, path, expectedPath, mode, args, required } = config;
  const options = given({ from, ...(from === 'output' ? { path } : {}), expectedPath, mode, args });
  return oneScore({
    name,
    required,
    identity: {
      name,
      kind: config.kind,
      required,
      options,
      ...(from === 'trace' ? { sees: ['calls' as const] } : {}),
    },
    evaluate(evaluation) {
      const wanted = readExpected(evaluation.expected, expectedPath);
      if (wanted === undefined || wanted === null) return [];
      const expected = callsOf(wanted, { name, where: `expected${expectedPath}` });
      const made =
        from === 'trace' ? callsOfTrace(evaluation, name) : callsOfOutput(evaluation, config);
      const match = matchCalls({ expected, made }, { mode, args });
      // What a mode allows is no failure: calls that were left out, or others beside them.
      const missing = mode === 'subset' ? [] : match.missing;
      const extra = mode === 'in_order' || mode === 'any_order' ? [] : match.extra;
      const reasoning = `${match.found.length} of ${expected.length} expected calls were made (${mode}, arguments: ${args}), of ${made.length} in all.`;
      return booleanScore({
        evaluator: name,
        passed: match.passed,
        comment: scoreComment({
          reasoning,
          passed: match.found.map(callText),
          failed: [
            ...missing.map((call) => `missing: ${callText(call)}`),
            ...extra.map((call) => `not expected: ${callText(call)}`),
          ],
        }),
      });
    },
  });
}

const callText = ({ name, args }: ToolCall): string => cut(`${name}(${JSON.stringify(args)})`);

function callsOfOutput(
  { output }: EvaluationInput,
  { path }: Building<'tool_calls'>['config'],
): readonly ToolCall[] {
  const json = typeof output === 'string' ? (parseJson(output) ?? null) : output;
  const list = resolvePointer(json, path);
  if (list === undefined || list === null) return [];
  return callsOf(list, { name: 'tool_calls', where: path });
}

function callsOfTrace({ target }: EvaluationInput, name: string): readonly ToolCall[] {
  if (target?.calls === undefined) {
    throw new AssayError(
      'EVALUATOR_INPUT_INVALID',
      `"${name}" needs the calls of the cell's trace, which are not at hand.`,
      { mend: 'Have the target return its calls, and read them with `from: output`.' },
    );
  }
  return target.calls.flatMap((call) =>
    callsOf(answeredCalls(call) ?? [], { name, where: call.path }),
  );
}

// A model's answer with calls of tools is kept as { content, tool_calls }.
function answeredCalls({ kind, output }: CallRecord): Json | undefined {
  if (kind !== 'chat' || typeof output !== 'object' || output === null) return undefined;
  return Array.isArray(output) ? undefined : (output as JsonObject)['tool_calls'];
}

function callsOf(list: Json, of: { name: string; where: string }): readonly ToolCall[] {
  const { name, where } = of;
  if (!Array.isArray(list)) {
    throw invalid(`"${name}" needs a list of calls at ${where}, not ${shown(list)}.`);
  }
  if (list.length > mostCalls) {
    throw new AssayError(
      'EVALUATOR_INPUT_TOO_LARGE',
      `"${name}" compares at most ${mostCalls} calls; there are ${list.length} at ${where}.`,
    );
  }
  return (list as readonly Json[]).map((entry) => {
    const call = readToolCall(entry);
    if (call === undefined) throw invalid(`"${name}" cannot read the call ${shown(entry)}.`);
    return call;
  });
}

const invalid = (message: string): AssayError =>
  new AssayError('EVALUATOR_INPUT_INVALID', message, {
    mend: 'Write a call as { "name": …, "args": … }.',
  });
