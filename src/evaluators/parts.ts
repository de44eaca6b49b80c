import type { EvaluatorConfig } from '../contracts/config.js';

type Configs = Readonly<Record<string, EvaluatorConfig>>;

/** The evaluator of a config that a score name belongs to: of its own name, or the longest that the name begins with. */
export function ownerOf(score: string, configs: Configs): string | undefined {
  if (Object.hasOwn(configs, score)) return score;
  for (let dot = score.lastIndexOf('.'); dot > 0; dot = score.lastIndexOf('.', dot - 1)) {
    const owner = score.slice(0, dot);
    if (Object.hasOwn(configs, owner)) return owner;
  }
  return undefined;
}

/** Evaluators with all those that they are made of, these first; names that the config does not have stay. */
export function withParts(names: readonly string[], configs: Configs): readonly string[] {
  const all = new Set<string>();
  const add = (name: string, above: readonly string[]): void => {
    if (all.has(name) || above.includes(name)) return;
    for (const part of partsOf(name, configs)) add(part, [...above, name]);
    all.add(name);
  };
  for (const name of names) add(name, []);
  return [...all];
}

/** The evaluators that one is made of. */
export function partsOf(name: string, configs: Configs): readonly string[] {
  const config = Object.hasOwn(configs, name) ? configs[name] : undefined;
  if (config?.kind !== 'composite') return [];
  const scores = Array.isArray(config.of) ? config.of : Object.keys(config.of);
  return [...new Set(scores.flatMap((score) => ownerOf(score, configs) ?? []))];
}
