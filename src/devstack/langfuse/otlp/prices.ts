/** US dollars per token, by usage type. */
export interface ModelPrice {
  readonly id: string;
  readonly modelName: string;
  readonly matchPattern: string;
  readonly input: number | null;
  readonly output: number | null;
  readonly total: number | null;
}

const price = (
  [id, modelName, matchPattern]: readonly [string, string, string],
  input: number,
  output: number,
): ModelPrice => ({ id, modelName, matchPattern, input, output, total: null });

/** A few of the models that a Langfuse server knows from the start; the rest cost nothing here. */
export const knownModels: readonly ModelPrice[] = [
  price(['clrs2dnql000108l46vo0gp2t', 'babbage-002', '(?i)^(babbage-002)$'], 0.0000004, 0.0000004),
  price(
    ['cls0iv12d000108l251gf3038', 'chat-bison', '(?i)^(chat-bison)(@[a-zA-Z0-9]+)?$'],
    0.00000025,
    0.0000005,
  ),
  price(
    ['dev-gpt-35-turbo', 'gpt-3.5-turbo', '(?i)^(gpt-)(35|3\\.5)(-turbo)$'],
    0.0000005,
    0.0000015,
  ),
  price(['dev-gpt-41', 'gpt-4.1', '(?i)^(openai/)?(gpt-4.1)$'], 0.000002, 0.000008),
  price(
    ['dev-gpt-41-mini', 'gpt-4.1-mini', '(?i)^(openai/)?(gpt-4.1-mini)$'],
    0.0000004,
    0.0000016,
  ),
  price(['dev-gpt-4o', 'gpt-4o', '(?i)^(openai/)?(gpt-4o)$'], 0.0000025, 0.00001),
  price(
    ['clzjr85f70000ymmzg7hqffra', 'gpt-4o-2024-08-06', '(?i)^(openai/)?(gpt-4o-2024-08-06)$'],
    0.0000025,
    0.00001,
  ),
  price(
    ['clyrjp56f0000t0mzapoocd7u', 'gpt-4o-mini', '(?i)^(openai/)?(gpt-4o-mini)$'],
    0.00000015,
    0.0000006,
  ),
];

/** Matches a model name against a Postgres-style pattern (`(?i)` in front means: any case). */
export function matchesModel(pattern: string, name: string): boolean {
  const anyCase = pattern.startsWith('(?i)');
  return new RegExp(anyCase ? pattern.slice(4) : pattern, anyCase ? 'i' : '').test(name);
}

/** Cost by usage type in US dollars, with its total; undefined when the model has no price for any of it. */
export function costOf(
  model: ModelPrice,
  usage: Readonly<Record<string, number>>,
): Record<string, number> | undefined {
  const cost: Record<string, number> = {};
  const { input = 0, output = 0, total = 0 } = usage;
  if (model.input !== null && usage['input'] !== undefined)
    cost['input'] = times(input, model.input);
  if (model.output !== null && usage['output'] !== undefined)
    cost['output'] = times(output, model.output);
  if (Object.keys(cost).length === 0 && model.total !== null)
    return { total: times(total, model.total) };
  if (Object.keys(cost).length === 0) return undefined;
  cost['total'] = tidy((cost['input'] ?? 0) + (cost['output'] ?? 0));
  return cost;
}

const times = (units: number, unitPrice: number) => tidy(units * unitPrice);
// 12 decimals, as the server's Decimal(18, 12): 100 × 2.5e-6 must not read 0.00025000000000000001.
const tidy = (value: number) => Number(value.toFixed(12));
