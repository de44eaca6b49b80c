import type { ExperimentSpec } from '../../contracts/experiment-spec.js';
import type { DatasetItem } from '../../contracts/records.js';
import { spreadOf, type Spread } from '../../core/estimate/mean-range.js';
import { jsonSize } from '../../core/json/size.js';
import { Moments } from '../../core/statistics/moments.js';
import type { Evaluator } from '../../evaluators/port.js';
import type { ChatRequest, EmbedRequest } from '../../models/port.js';
import type { TokenCounter } from '../../models/token-count.js';
import type { Target } from '../../targets/port.js';
import { createInputCheck } from './input-check.js';
import { scanItems } from './item-scan.js';
import { selectItems } from './item-selection.js';
import { openItems } from './item-stream.js';
import type { ExperimentPorts } from './ports.js';

/** What the items of a run tell of its calls before they are made. */
export interface PlannedItems {
  readonly items: number;
  /** Of the whole dataset, where the run takes a sample of it. */
  readonly of: number | undefined;
  /** Of how many items the tokens were counted; all, where it equals `items`. */
  readonly counted: number;
  /** The target's request; undefined where only its code knows. */
  readonly target: PlannedRequests | undefined;
  readonly judges: ReadonlyMap<string, PlannedRequests>;
  /** What judges ask about their anchors, once in the run. */
  readonly anchors: ReadonlyMap<string, RenderedRequests>;
  /** Of evaluators that ask for vectors. */
  readonly vectors: ReadonlyMap<string, PlannedVectors>;
}

/** Requests for vectors as they were rendered. */
export interface PlannedVectors {
  /** The config's name of the model. */
  readonly model: string;
  /** The longest of them; undefined where no item expects anything. */
  readonly longest: EmbedRequest | undefined;
  readonly inputTokens: Spread | undefined;
  readonly share: number;
}

/** Requests as they were rendered. */
export interface RenderedRequests {
  readonly n: number;
  /** One of them: its model and parameters. */
  readonly example: ChatRequest;
  /** The longest of them. */
  readonly longest: ChatRequest;
  readonly inputTokens: Spread | undefined;
}

/** Those of the items. */
export interface PlannedRequests extends RenderedRequests {
  /** Calls an item: judges skip items that expect nothing, and a pairwise one asks twice. */
  readonly share: number;
}

/** Tokens of so many items are counted at most, evenly over the dataset; of the others the mean is taken. */
const mostCounted = 1_000;

/** Renders the requests of a run and counts their tokens; one page of the dataset in memory at a time. */
export async function readPlanned(
  spec: ExperimentSpec,
  from: {
    readonly ports: ExperimentPorts;
    readonly target: Target;
    readonly evaluators: readonly Evaluator[];
    readonly tokens: TokenCounter;
    readonly signal: AbortSignal;
  },
): Promise<PlannedItems> {
  const { ports, target, evaluators, tokens, signal } = from;
  const stream = await openItems(spec, ports);
  const selection = await selectItems(stream, signal);
  const inputs = createInputCheck(target);
  const sample = createEvenSample(mostCounted);
  const { items } = await scanItems(stream, {
    signal,
    selection,
    onPage: (page) => {
      for (const { item } of page) {
        inputs.add(item);
        sample.add(item);
      }
    },
  });
  inputs.throwIfMissing();
  const counted = sample.items();
  const { planned } = target;
  const requests = (
    ask: (item: DatasetItem) => ChatRequest | undefined,
  ): PlannedRequests | undefined => {
    const found = rendered(each(counted, ask), tokens);
    return found === undefined ? undefined : { ...found, share: found.n / counted.length };
  };
  const judges = evaluators.flatMap((evaluator): [string, PlannedRequests][] => {
    // What the target will say is not known: what is expected of it stands for it.
    const found = requests(({ input, expected }) =>
      evaluator.planned?.({ input, expected, output: expected ?? '' }),
    );
    if (found === undefined) return [];
    const { callsPerOutput = 1 } = evaluator;
    return [[evaluator.name, { ...found, share: found.share * callsPerOutput }]];
  });
  const anchors = evaluators.flatMap(({ name, plannedAnchors }): [string, RenderedRequests][] => {
    const found = rendered(plannedAnchors?.() ?? [], tokens);
    return found === undefined ? [] : [[name, found]];
  });
  const vectors = evaluators.flatMap(({ name, plannedVectors }): [string, PlannedVectors][] => {
    if (plannedVectors === undefined) return [];
    const moments = new Moments();
    let longest: EmbedRequest | undefined;
    let length = -1;
    for (const { input, expected } of counted) {
      const request = plannedVectors.requestFor({ input, expected, output: expected ?? '' });
      if (request === undefined) continue;
      const texts = [request.input].flat();
      const own = texts.reduce((sum, text) => sum + text.length, 0);
      if (own > length) [longest, length] = [request, own];
      moments.add(texts.reduce((sum, text) => sum + tokens.text(text), 0));
    }
    const { model } = plannedVectors;
    const share = counted.length === 0 ? 0 : moments.n / counted.length;
    return [[name, { model, longest, inputTokens: spreadOf(moments), share }]];
  });
  return {
    items,
    of: selection?.sample.of,
    counted: counted.length,
    target:
      planned?.kind === 'chat' ? requests(({ input }) => planned.requestFor(input)) : undefined,
    judges: new Map(judges),
    anchors: new Map(anchors),
    vectors: new Map(vectors),
  };
}

// Not a list: a thousand prompts at once are more than a worker should hold.
function* each<From, To>(list: Iterable<From>, to: (from: From) => To): Generator<To> {
  for (const from of list) yield to(from);
}

/** Undefined where none of them is one. */
function rendered(
  requests: Iterable<ChatRequest | undefined>,
  tokens: TokenCounter,
): RenderedRequests | undefined {
  const moments = new Moments();
  let example: ChatRequest | undefined;
  let longest: ChatRequest | undefined;
  let length = -1;
  for (const request of requests) {
    if (request === undefined) continue;
    example ??= request;
    const own = request.messages.reduce((sum, { content }) => sum + content.length, 0);
    if (own > length) [longest, length] = [request, own];
    moments.add(tokens.chat(request.messages, request.responseSchema?.schema));
  }
  return example === undefined || longest === undefined
    ? undefined
    : { n: moments.n, example, longest, inputTokens: spreadOf(moments) };
}

/** What those items may take together, as JSON: a thousand of 5 MB would be more than a worker has. */
const mostCountedBytes = 32 * 1024 * 1024;

/** Keeps every k-th item, with k doubling as the stream grows: even over it, whatever its length, and the same every time. */
function createEvenSample(most: number) {
  let kept: { readonly item: DatasetItem; readonly bytes: number }[] = [];
  let bytes = 0;
  let every = 1;
  let seen = 0;
  return {
    add(item: DatasetItem): void {
      if (seen % every === 0) {
        const { input, expected = null, metadata } = item;
        const size = jsonSize([input, expected, metadata]);
        kept.push({ item, bytes: size });
        bytes += size;
      }
      seen += 1;
      while (kept.length > 1 && (kept.length > most || bytes > mostCountedBytes)) {
        kept = kept.filter((_item, index) => index % 2 === 0);
        bytes = kept.reduce((sum, each) => sum + each.bytes, 0);
        every *= 2;
      }
    },
    items: (): readonly DatasetItem[] => kept.map(({ item }) => item),
  };
}
