import { isObject, type Json, jsonEqual } from '../../core/json/json.js';

/** One call of a tool. */
export interface ToolCall {
  readonly name: string;
  readonly args: Json;
}

/**
 * Reads a call of a tool as the usual libraries write it: OpenAI's `{ function: { name, arguments } }` with the arguments as
 * JSON text, Anthropic's `{ name, input }`, the Vercel AI SDK's `{ toolName, args | input }`, LangChain's `{ name, args }`.
 * Undefined for what is none of these.
 */
export function readToolCall(value: Json): ToolCall | undefined {
  if (typeof value === 'string') return { name: value, args: {} };
  if (!isObject(value)) return undefined;
  const inner = value['function'];
  const call = isObject(inner) ? inner : value;
  const name = call['name'] ?? call['toolName'] ?? call['tool'];
  if (typeof name !== 'string') return undefined;
  const args = call['arguments'] ?? call['args'] ?? call['input'] ?? call['parameters'] ?? {};
  return { name, args: typeof args === 'string' ? (jsonOrText(args) ?? args) : args };
}

/** How calls are compared. */
export interface CallComparison {
  readonly mode: 'exact' | 'in_order' | 'any_order' | 'same_set' | 'subset';
  readonly args: 'equal' | 'subset' | 'ignore';
}

/** What became of the expected calls and the calls that were made. */
export interface CallMatch {
  readonly passed: boolean;
  /** Expected calls that were made, and those that were not. */
  readonly found: readonly ToolCall[];
  readonly missing: readonly ToolCall[];
  /** Calls that nobody expected. */
  readonly extra: readonly ToolCall[];
}

/** Compares the calls that were made with those that were expected. */
export function matchCalls(
  calls: { readonly expected: readonly ToolCall[]; readonly made: readonly ToolCall[] },
  how: CallComparison,
): CallMatch {
  const { expected, made } = calls;
  const fits = (wanted: ToolCall, call: ToolCall): boolean =>
    wanted.name === call.name && argsFit(wanted.args, call.args, how.args);
  const pairs =
    how.mode === 'exact' || how.mode === 'in_order'
      ? pairedInOrder(expected, made, fits)
      : pairedInAnyOrder(expected, made, fits);
  const found = expected.filter((_call, at) => pairs[at] !== undefined);
  const missing = expected.filter((_call, at) => pairs[at] === undefined);
  const taken = new Set(pairs);
  const extra = made.filter((_call, at) => !taken.has(at));
  const noExtra = extra.length === 0;
  const noMissing = missing.length === 0;
  const passed = {
    exact: noExtra && noMissing,
    in_order: noMissing,
    any_order: noMissing,
    same_set: noExtra && noMissing,
    subset: noExtra,
  }[how.mode];
  return { passed, found, missing, extra };
}

type Fits = (wanted: ToolCall, call: ToolCall) => boolean;
/** Of each expected call the place of the call that is it; undefined where there is none. */
type Pairs = readonly (number | undefined)[];

// The longest common subsequence, so that one missing call does not make all after it wrong in the comment.
function pairedInOrder(
  expected: readonly ToolCall[],
  made: readonly ToolCall[],
  fits: Fits,
): Pairs {
  const lengths = expected.map(() => new Array<number>(made.length + 1).fill(0));
  lengths.push(new Array<number>(made.length + 1).fill(0));
  const lengthAt = (i: number, j: number): number => lengths[i]?.[j] ?? 0;
  const same = expected.map((wanted) => made.map((call) => fits(wanted, call)));
  for (let i = expected.length - 1; i >= 0; i -= 1) {
    for (let j = made.length - 1; j >= 0; j -= 1) {
      const row = lengths[i];
      if (row === undefined) continue;
      row[j] =
        same[i]?.[j] === true
          ? lengthAt(i + 1, j + 1) + 1
          : Math.max(lengthAt(i + 1, j), lengthAt(i, j + 1));
    }
  }
  const pairs = new Array<number | undefined>(expected.length).fill(undefined);
  let i = 0;
  let j = 0;
  while (i < expected.length && j < made.length) {
    if (same[i]?.[j] === true) {
      pairs[i] = j;
      i += 1;
      j += 1;
    } else if (lengthAt(i + 1, j) >= lengthAt(i, j + 1)) i += 1;
    else j += 1;
  }
  return pairs;
}

// A greatest matching by augmenting paths (Kuhn): with `args: 'subset'` one call can be two of the expected ones, and the
// first that fits is not always the right one.
function pairedInAnyOrder(
  expected: readonly ToolCall[],
  made: readonly ToolCall[],
  fits: Fits,
): Pairs {
  const owner = new Array<number | undefined>(made.length).fill(undefined);
  const claim = (wanted: number, seen: Set<number>): boolean =>
    made.some((call, at) => {
      const one = expected[wanted];
      if (one === undefined || seen.has(at) || !fits(one, call)) return false;
      seen.add(at);
      const before = owner[at];
      if (before !== undefined && !claim(before, seen)) return false;
      owner[at] = wanted;
      return true;
    });
  expected.forEach((_call, wanted) => claim(wanted, new Set()));
  return expected.map((_call, wanted) => {
    const at = owner.indexOf(wanted);
    return at < 0 ? undefined : at;
  });
}

function argsFit(wanted: Json, args: Json, how: CallComparison['args']): boolean {
  if (how === 'ignore') return true;
  return how === 'equal' ? jsonEqual(wanted, args) : holds(args, wanted);
}

/** Whether every member of what is wanted is there; lists and scalars must be equal. */
function holds(value: Json, wanted: Json): boolean {
  if (!isObject(wanted) || !isObject(value)) return jsonEqual(value, wanted);
  return Object.entries(wanted).every(([key, member]) => {
    const other = Object.hasOwn(value, key) ? value[key] : undefined;
    return other !== undefined && holds(other, member);
  });
}

function jsonOrText(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
