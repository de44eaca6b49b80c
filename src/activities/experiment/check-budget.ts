import type { ModelConfig } from '../../contracts/config.js';
import { AssayError, type Problem } from '../../core/errors/assay-error.js';
import { formatPico, mostPico, picoFromDollars } from '../../core/money/pico.js';
import { mostTokens } from '../../models/model-call.js';
import { chatBody, embeddingBody } from '../../models/openai-chat.js';
import type { ChatRequest } from '../../models/port.js';
import type { ExperimentPorts } from './ports.js';
import type { ResolvedExperiment } from './resolve.js';

/** The calls of a run that are known before it begins, each with as little in it as it can have. */
interface KnownCall {
  /** Where the price is missing, if it is. */
  readonly at: string;
  readonly mend: string;
  /** The most that the smallest such call can cost, in pico-dollars; undefined where its price is not known. */
  readonly leastPico: bigint | undefined;
}

/**
 * Refuses a budget that cannot work: where a price is not known nothing would be held for the calls, and a budget below
 * the cheapest call would pause the run before its first one. Calls that code makes are looked at when it makes them.
 *
 * @throws AssayError PRICE_UNKNOWN with all models, BUDGET_TOO_SMALL
 */
export function checkBudget(
  { spec, target, evaluators }: Pick<ResolvedExperiment, 'spec' | 'target' | 'evaluators'>,
  ports: Pick<ExperimentPorts, 'prices' | 'project'>,
): void {
  if (spec.budgetUsd === undefined) return;
  const calls: KnownCall[] = [];
  if (target.planned?.kind === 'chat') calls.push(chatCall(target.planned.requestFor({}), ports));
  if (target.planned?.kind === 'http') {
    calls.push(httpCall(`targets.${spec.target}`, target.planned.costPerRequestUsd));
  }
  for (const { name, planned, plannedVectors, plannedHttp } of evaluators) {
    const request = planned?.({ input: {}, output: '', expected: '' });
    if (request !== undefined) calls.push(chatCall(request, ports));
    if (plannedVectors !== undefined) calls.push(vectorCall(plannedVectors.model, ports));
    if (plannedHttp !== undefined) {
      calls.push(httpCall(`evaluators.${name}`, plannedHttp.costPerRequestUsd));
    }
  }
  refuseUnknown(calls);
  refuseTooSmall(calls, picoFromDollars(spec.budgetUsd));
}

function chatCall(
  request: ChatRequest,
  { prices, project }: Pick<ExperimentPorts, 'prices' | 'project'>,
): KnownCall {
  const at = `models.${request.model}.price`;
  const mend = 'Say what a million tokens cost.';
  const model: ModelConfig | undefined = project.config.models[request.model];
  if (model === undefined) return { at, mend, leastPico: undefined };
  const most = mostTokens('chat', chatBody(model, request));
  const call = { at: new Date(), kind: 'chat', inputTokens: most.inputTokens } as const;
  const price = prices.priceOf(model, call);
  return { at, mend, leastPico: price === undefined ? undefined : mostPico(most, price) };
}

function httpCall(at: string, cost: number | undefined): KnownCall {
  return {
    at: `${at}.costPerRequestUsd`,
    mend: 'Say what a request costs, 0 if nothing.',
    leastPico: cost === undefined ? undefined : picoFromDollars(cost),
  };
}

function vectorCall(
  name: string,
  { prices, project }: Pick<ExperimentPorts, 'prices' | 'project'>,
): KnownCall {
  const at = `models.${name}.price`;
  const mend = 'Say what a million tokens cost.';
  const model: ModelConfig | undefined = project.config.models[name];
  if (model === undefined) return { at, mend, leastPico: undefined };
  const most = mostTokens('embedding', embeddingBody(model, { model: name, input: ['a', 'b'] }));
  const call = { at: new Date(), kind: 'embedding', inputTokens: most.inputTokens } as const;
  const price = prices.priceOf(model, call);
  return { at, mend, leastPico: price === undefined ? undefined : mostPico(most, price) };
}

function refuseUnknown(calls: readonly KnownCall[]): void {
  const unknown = calls.filter(({ leastPico }) => leastPico === undefined);
  if (unknown.length === 0) return;
  const problems = new Map<string, Problem>(
    unknown.map(({ at, mend }) => [at, { at, message: 'the price is not known', mend }]),
  );
  throw new AssayError('PRICE_UNKNOWN', 'A run with a budget needs the price of all it calls.', {
    problems: [...problems.values()],
    mend: 'Add the prices to assay.config.ts, or run without --budget.',
  });
}

function refuseTooSmall(calls: readonly KnownCall[], budget: bigint): void {
  const costs = calls.flatMap(({ leastPico }) => leastPico ?? []);
  const [first, ...rest] = costs;
  if (first === undefined) return;
  const least = rest.reduce((smallest, cost) => (cost < smallest ? cost : smallest), first);
  if (least <= budget) return;
  throw new AssayError(
    'BUDGET_TOO_SMALL',
    `The budget of ${formatPico(budget)} is less than the ${formatPico(least)} that must be held for the cheapest call.`,
    {
      mend: 'Raise --budget, or limit the answers with max_tokens: without it 4,096 tokens are held for each.',
    },
  );
}
