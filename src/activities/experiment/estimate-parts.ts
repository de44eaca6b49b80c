import type { ModelConfig } from '../../contracts/config.js';
import { judgePath } from '../../core/experiment/judge-path.js';
import type { EstimatedCalls, Guess } from '../../contracts/estimate.js';
import type { ExperimentSpec } from '../../contracts/experiment-spec.js';
import { exactly, times } from '../../core/estimate/guess.js';
import { meanRange } from '../../core/estimate/mean-range.js';
import { defaultOutputTokens, mostInputTokens, outputLimit } from '../../core/money/token-bound.js';
import type { Evaluator } from '../../evaluators/port.js';
import { mostTokens } from '../../models/model-call.js';
import { chatBody, embeddingBody } from '../../models/openai-chat.js';
import type { CallHistory, CellHistory } from '../../store/call-history.js';
import type { Target } from '../../targets/port.js';
import { costOf, holdOf, modelOf, priceIn, priceOf, type Tokens } from './estimate-prices.js';
import type { PlannedItems, PlannedVectors, RenderedRequests } from './estimate-items.js';
import type { ExperimentPorts } from './ports.js';

export interface PartContext {
  readonly spec: ExperimentSpec;
  readonly ports: ExperimentPorts;
  readonly target: Target;
  readonly evaluators: readonly Evaluator[];
  readonly planned: PlannedItems;
  readonly history: {
    readonly cells: CellHistory | undefined;
    readonly calls: readonly CallHistory[];
  };
  readonly cells: number;
}

/** The calls that are known before the run: of prompts, HTTP targets and judges. */
export function plannedParts(context: PartContext): readonly EstimatedCalls[] {
  const { target, planned, spec, cells } = context;
  const parts: EstimatedCalls[] = [];
  const items = `${planned.items} items, counted with o200k_base`;
  const whole = planned.counted === planned.items;
  const prompts = whole
    ? `the prompts of all ${items}`
    : `the prompts of ${planned.counted} of ${items}`;
  if (planned.target !== undefined) {
    const calls = exactly(Math.round(cells * planned.target.share), 'one call a cell');
    const requests = planned.target;
    parts.push(
      chatPart(context, {
        purpose: 'target',
        scope: 'target',
        requests,
        calls,
        input: meanRange(requests.inputTokens, { whole, basis: prompts }),
      }),
    );
  }
  if (target.planned?.kind === 'http') {
    const { costPerRequestUsd: cost } = target.planned;
    const at = `targets.${spec.target}`;
    parts.push(
      httpPart({ purpose: 'target', scope: 'target', name: spec.target, at, cost, cells }),
    );
  }
  for (const [name, requests] of planned.judges) {
    const n = Math.round(cells * requests.share);
    const basis = `${prompts}, with what is expected in place of the output`;
    parts.push(
      chatPart(context, {
        purpose: 'judge',
        scope: judgePath(name),
        requests,
        calls: exactly(n, `its calls for each output that it judges; ${repairs(n)}`),
        input: meanRange(requests.inputTokens, { whole: false, basis }),
      }),
    );
  }
  for (const [name, requests] of planned.anchors) {
    const { n, inputTokens } = requests;
    const basis = 'the prompts of all its anchors, counted with o200k_base';
    parts.push(
      chatPart(context, {
        purpose: 'judge',
        scope: `${judgePath(name)}/anchors`,
        answersLike: judgePath(name),
        requests,
        calls: exactly(n, `its calls for its anchors, once in the run; ${repairs(n)}`),
        input: meanRange(inputTokens, { whole: true, basis }),
      }),
    );
  }
  for (const [name, requests] of planned.vectors) {
    parts.push(vectorPart(context, { scope: judgePath(name), requests }));
  }
  for (const { name, plannedHttp } of context.evaluators) {
    if (plannedHttp === undefined) continue;
    const cost = plannedHttp.costPerRequestUsd;
    const at = `evaluators.${name}`;
    parts.push(httpPart({ purpose: 'judge', scope: judgePath(name), name, at, cost, cells }));
  }
  return parts;
}

/** A judge is asked once more where its answer is no verdict; how often that is nobody knows before. */
const repairs = (calls: number): string =>
  `up to ${calls} more, in none of these figures, where its answers have to be repaired`;

function httpPart(of: {
  readonly purpose: 'target' | 'judge';
  readonly scope: string;
  readonly name: string;
  /** Where the config names it. */
  readonly at: string;
  readonly cost: number | undefined;
  readonly cells: number;
}): EstimatedCalls {
  const { purpose, scope, name, at, cost, cells } = of;
  const what = purpose === 'target' ? 'target' : 'evaluator';
  const none = exactly(0, `an HTTP ${what} tells no tokens`);
  const calls = exactly(cells, 'one request a cell');
  return {
    purpose,
    scope,
    model: `http/${name}`,
    calls,
    inputTokens: none,
    outputTokens: none,
    costUsd:
      cost === undefined
        ? { unknown: `${at} has no costPerRequestUsd` }
        : times(exactly(cost, 'costPerRequestUsd'), calls),
    ...(cost === undefined ? {} : { holdUsd: cost }),
  };
}

function vectorPart(
  context: PartContext,
  { scope, requests }: { readonly scope: string; readonly requests: PlannedVectors },
): EstimatedCalls {
  const { planned, cells, ports } = context;
  const model = ports.project.config.models[requests.model];
  const calls = exactly(
    Math.round(cells * requests.share),
    'one call for each output that it compares',
  );
  const input = meanRange(requests.inputTokens, {
    whole: false,
    basis: `what ${planned.counted} of ${planned.items} items expect, counted with o200k_base, with as much for the output`,
  });
  const output = exactly(0, 'vectors are no tokens');
  const price = model === undefined ? undefined : priceOf(context, model, 'embedding');
  return {
    purpose: 'embedding',
    scope,
    model: model === undefined ? undefined : `${model.provider}/${model.model}`,
    calls,
    inputTokens: times(input, calls),
    outputTokens: output,
    costUsd: costOf({ calls, input, output }, price ?? requests.model),
    ...(model === undefined || requests.longest === undefined
      ? {}
      : holdOf(mostTokens('embedding', embeddingBody(model, requests.longest)), price)),
  };
}

/** The calls of code: only earlier runs tell of them. */
export function codeParts(context: PartContext): readonly EstimatedCalls[] {
  const { target, evaluators, planned } = context;
  const scopes: { readonly scope: string; readonly purpose: 'target' | 'judge' }[] = [
    ...(target.planned === undefined ? [{ scope: 'target', purpose: 'target' } as const] : []),
    ...evaluators
      .filter(({ name, identity }) => identity.kind === 'function' && !planned.judges.has(name))
      .map(({ name }) => ({ scope: judgePath(name), purpose: 'judge' }) as const),
  ];
  return scopes.flatMap(({ scope, purpose }) => codeScope(context, { scope, purpose }));
}

function codeScope(
  context: PartContext,
  { scope, purpose }: { readonly scope: string; readonly purpose: 'target' | 'judge' },
): readonly EstimatedCalls[] {
  const { history, cells } = context;
  const before = history.cells;
  if (before === undefined) {
    const unknown: Guess = {
      unknown: `${scope} is code that never ran: which calls it makes is not known`,
    };
    // Evaluators that are code seldom call models; that they may is said, and makes no total unknown.
    if (purpose === 'judge') return [];
    return [
      {
        purpose,
        scope,
        model: undefined,
        calls: unknown,
        inputTokens: unknown,
        outputTokens: unknown,
        costUsd: unknown,
      },
    ];
  }
  const basis = `${before.cells} cells of ${before.runs} earlier run${before.runs === 1 ? '' : 's'}`;
  return history.calls
    .filter((call) => call.scope === scope)
    .map((call) => {
      const calls = exactly((cells * call.calls) / before.cells, `${basis}: calls a cell`);
      const input = historyMean(call, 'input', basis);
      const output = historyMean(call, 'output', basis);
      const price = priceIn(context, call);
      return {
        purpose: call.purpose,
        scope,
        model: `${call.provider}/${call.model}`,
        calls,
        inputTokens: times(input, calls),
        outputTokens: times(output, calls),
        costUsd: costOf({ calls, input, output }, price),
        ...holdOf(codeTokens(context, call), price),
      };
    });
}

function chatPart(
  context: PartContext,
  part: {
    readonly purpose: 'target' | 'judge';
    readonly scope: string;
    readonly requests: RenderedRequests;
    readonly calls: Guess;
    /** Tokens of one call. */
    readonly input: Guess;
    /** The scope whose earlier answers tell how long these will be. Default: its own. */
    readonly answersLike?: string;
  },
): EstimatedCalls {
  const { purpose, scope, requests, calls, input } = part;
  const { ports, history } = context;
  const model = ports.project.config.models[requests.example.model];
  const earlier = history.calls.find(
    (call) =>
      call.scope === (part.answersLike ?? scope) &&
      call.provider === model?.provider &&
      call.model === model.model,
  );
  const output = outputOf({ model, requests, earlier });
  const price = model === undefined ? undefined : priceOf(context, model);
  return {
    purpose,
    scope,
    model: model === undefined ? undefined : `${model.provider}/${model.model}`,
    calls,
    inputTokens: times(input, calls),
    outputTokens: times(output, calls),
    costUsd: costOf({ calls, input, output }, price ?? requests.example.model),
    ...(model === undefined
      ? {}
      : holdOf(mostTokens('chat', chatBody(model, requests.longest)), price)),
  };
}

/** The most tokens of a call that code makes: about four bytes a token, and the limit of the model's parameters. */
function codeTokens(context: PartContext, call: CallHistory): Tokens {
  const bytes = Math.ceil(call.inputMean * bytesPerToken);
  const parameters = modelOf(context, call)?.parameters ?? {};
  return {
    inputTokens: mostInputTokens({ bytes, messages: 1 }),
    outputTokens:
      call.purpose === 'embedding' ? 0 : (outputLimit(parameters) ?? defaultOutputTokens),
  };
}

const bytesPerToken = 4;

/** From earlier runs of the target with this model; else from nothing up to the limit of the call, or to a default. */
function outputOf(of: {
  readonly model: ModelConfig | undefined;
  readonly requests: RenderedRequests;
  readonly earlier: CallHistory | undefined;
}): Guess {
  const { model, requests, earlier } = of;
  if (earlier !== undefined) {
    return historyMean(earlier, 'output', `${earlier.calls} answers of earlier runs of the target`);
  }
  const limit = model === undefined ? undefined : outputLimit(chatBody(model, requests.example));
  const high = limit ?? defaultOutputTokens;
  const basis =
    limit === undefined
      ? `no earlier run and no max_tokens: up to ${high} tokens an answer, a quarter of it as likely`
      : `no earlier run: up to max_tokens (${high}) an answer, half of it as likely`;
  return { low: 0, likely: limit === undefined ? high / 4 : high / 2, high, basis };
}

function historyMean(call: CallHistory, what: 'input' | 'output', basis: string): Guess {
  const [mean, sd] =
    what === 'input' ? [call.inputMean, call.inputSd] : [call.outputMean, call.outputSd];
  return meanRange({ n: call.calls, mean, sd: sd ?? undefined }, { basis, whole: false });
}
