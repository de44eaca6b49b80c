import type { FunctionTargetConfig, ModelConfig } from '../contracts/config.js';
import { modelIdentities } from '../models/model-identity.js';
import type { Target } from './port.js';

/**
 * A target written in TypeScript; its identity is the hash of the config's bundled module graph, and the models that it
 * may call, since a config can take their names and parameters from the environment.
 */
export function createFunctionTarget(request: {
  name: string;
  config: FunctionTargetConfig;
  codeHash: string;
  models: Readonly<Record<string, ModelConfig>>;
}): Target {
  const { name, config, codeHash, models } = request;
  return {
    name,
    evaluators: config.evaluators,
    missing: () => [],
    prompt: undefined,
    identity: { kind: 'function', name, code: codeHash, models: modelIdentities(models) },
    async run(input, { signal, models, item, repetition }) {
      return config.run(input, { signal, models, item, repetition });
    },
  };
}
