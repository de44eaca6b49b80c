import { AssayError, type Problem } from '../core/errors/assay-error.js';
import type { StackServices } from './stack-options.js';

const OPENAI_URL = 'https://api.openai.com/v1';

const value = (env: NodeJS.ProcessEnv, name: string): string | undefined => {
  const text = env[name]?.trim();
  return text === '' ? undefined : text;
};

const temporal = (env: NodeJS.ProcessEnv): StackServices['temporal'] => {
  const address = value(env, 'TEMPORAL_ADDRESS');
  if (address === undefined) return undefined;
  return { address, namespace: value(env, 'TEMPORAL_NAMESPACE') ?? 'default' };
};

const langfuse = (env: NodeJS.ProcessEnv, problems: Problem[]): StackServices['langfuse'] => {
  const url = value(env, 'LANGFUSE_BASE_URL') ?? value(env, 'LANGFUSE_HOST');
  const publicKey = value(env, 'LANGFUSE_PUBLIC_KEY');
  const secretKey = value(env, 'LANGFUSE_SECRET_KEY');
  if (url !== undefined && publicKey !== undefined && secretKey !== undefined) {
    return { url, publicKey, secretKey };
  }
  const parts = {
    LANGFUSE_HOST: url,
    LANGFUSE_PUBLIC_KEY: publicKey,
    LANGFUSE_SECRET_KEY: secretKey,
  };
  const missing = Object.entries(parts).filter(([, given]) => given === undefined);
  // With one of them set, commands beside the stack would not use the embedded server either.
  if (missing.length === 3) return undefined;
  for (const [name] of missing) {
    problems.push({
      at: name,
      message: 'is missing, although a Langfuse of your own is named.',
      mend: 'Set it, or unset the other LANGFUSE_ variables for the embedded server.',
    });
  }
  return undefined;
};

const model = (env: NodeJS.ProcessEnv): StackServices['model'] => {
  const url = value(env, 'OPENAI_BASE_URL');
  const apiKey = value(env, 'OPENAI_API_KEY');
  if (url === undefined && apiKey === undefined) return undefined;
  // Local model servers often want no key, but the client insists on one.
  return { url: url ?? OPENAI_URL, apiKey: apiKey ?? 'none' };
};

/**
 * The services that the environment gives: each replaces its embedded one.
 * @throws AssayError ENVIRONMENT_INVALID with all problems; names variables, never values.
 */
export const externalServices = (env: NodeJS.ProcessEnv): StackServices => {
  const problems: Problem[] = [];
  const url = value(env, 'DATABASE_URL');
  const found = {
    postgres: url === undefined ? undefined : { url },
    temporal: temporal(env),
    langfuse: langfuse(env, problems),
    model: model(env),
  };
  if (problems.length > 0) {
    throw new AssayError('ENVIRONMENT_INVALID', 'The environment has problems.', { problems });
  }
  return {
    ...(found.postgres && { postgres: found.postgres }),
    ...(found.temporal && { temporal: found.temporal }),
    ...(found.langfuse && { langfuse: found.langfuse }),
    ...(found.model && { model: found.model }),
  };
};

/** The services as the variables that callers read. */
export const environmentOf = (services: StackServices): Readonly<Record<string, string>> => ({
  ...(services.postgres && { DATABASE_URL: services.postgres.url }),
  ...(services.temporal && {
    TEMPORAL_ADDRESS: services.temporal.address,
    TEMPORAL_NAMESPACE: services.temporal.namespace,
  }),
  ...(services.langfuse && {
    LANGFUSE_HOST: services.langfuse.url,
    LANGFUSE_BASE_URL: services.langfuse.url,
    LANGFUSE_PUBLIC_KEY: services.langfuse.publicKey,
    LANGFUSE_SECRET_KEY: services.langfuse.secretKey,
  }),
  ...(services.model && {
    OPENAI_BASE_URL: services.model.url,
    OPENAI_API_KEY: services.model.apiKey,
  }),
});
