import type { FunctionTargetConfig } from '../contracts/config.js';
import type { Target } from './port.js';

/** A target written in TypeScript; its identity is the hash of the config's bundled module graph. */
export function createFunctionTarget(request: {
  name: string;
  config: FunctionTargetConfig;
  codeHash: string;
}): Target {
  const { name, config, codeHash } = request;
  return {
    name,
    evaluators: config.evaluators,
    variables: [],
    prompt: undefined,
    identity: { kind: 'function', name, code: codeHash },
    async run(input, { signal, models, item, repetition }) {
      return config.run(input, { signal, models, item, repetition });
    },
  };
}
