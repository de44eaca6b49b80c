import type { ModelConfig } from '../contracts/config.js';
import type { ModelIdentity } from '../contracts/manifest.js';

/** A model as it decides a result; its address, key, price and time limit do not. */
export function modelIdentity({ provider, model, parameters }: ModelConfig): ModelIdentity {
  return { provider, model, parameters };
}

/** All models of a config by their names: what the code of a function may call. */
export function modelIdentities(
  models: Readonly<Record<string, ModelConfig>>,
): Record<string, ModelIdentity> {
  return Object.fromEntries(
    Object.entries(models).map(([name, model]) => [name, modelIdentity(model)]),
  );
}
