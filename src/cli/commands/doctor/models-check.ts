import { z } from 'zod';

import type { Config, ModelConfig } from '../../../contracts/config.js';
import { resolveSecret, type Environment } from '../../../models/secrets.js';
import { runCheck, type CheckResult } from './check.js';

const openAiUrl = 'https://api.openai.com/v1';
const largestList = 4 * 1024 * 1024;
const listSchema = z.object({ data: z.array(z.object({ id: z.string() })) });

/** Asks each model's provider for its list of models: address, key and name are right where it is in there. */
export async function checkModels(
  config: Config,
  environment: Environment,
): Promise<readonly CheckResult[]> {
  const checks = Object.entries(config.models).map(([name, model]) =>
    runCheck(`Model ${name}`, async (signal) => [
      { name: `Model ${name}`, ...(await checkModel(model, environment, signal)) },
    ]),
  );
  return (await Promise.all(checks)).flat();
}

type ModelResult = Omit<CheckResult, 'name'>;

async function checkModel(
  model: ModelConfig,
  environment: Environment,
  signal: AbortSignal,
): Promise<ModelResult> {
  const baseUrl = (model.baseUrl ?? given(environment['OPENAI_BASE_URL']) ?? openAiUrl).replace(
    /\/+$/,
    '',
  );
  const host = URL.canParse(baseUrl) ? new URL(baseUrl).host : 'an address that is no URL';
  const facts = { provider: model.provider, model: model.model, host };
  const key = resolveSecret(model.apiKey, environment);
  let response: Response;
  try {
    response = await fetch(`${baseUrl}/models`, {
      headers: { authorization: `Bearer ${key}` },
      // A key must not follow to wherever the answer points.
      redirect: 'manual',
      signal,
    });
  } catch (error) {
    if (signal.aborted) throw error;
    return {
      state: 'fail',
      found: `${host} does not answer`,
      facts,
      mend: 'Check baseUrl (or OPENAI_BASE_URL), and the network.',
    };
  }
  return judge(response, { facts, host, model: model.model });
}

const given = (value: string | undefined): string | undefined => (value === '' ? undefined : value);

async function judge(
  response: Response,
  asked: {
    readonly facts: { readonly provider: string; readonly model: string; readonly host: string };
    readonly host: string;
    readonly model: string;
  },
): Promise<ModelResult> {
  const { facts, host, model } = asked;
  const { status } = response;
  if (status === 401 || status === 403) {
    await response.body?.cancel();
    return {
      state: 'fail',
      found: `${host} refuses the key (${status})`,
      facts,
      mend: 'Check the variable that apiKey names (default OPENAI_API_KEY).',
    };
  }
  if (status !== 200) {
    await response.body?.cancel();
    return {
      state: 'warn',
      found: `${host}: ${model} not checked, /models answers ${status}`,
      facts,
    };
  }
  const parsed = listSchema.safeParse(await readJson(response));
  if (!parsed.success) {
    return { state: 'warn', found: `${host}: ${model} not checked, no list of models`, facts };
  }
  if (parsed.data.data.some(({ id }) => id === model)) {
    return { state: 'ok', found: `${host} has ${model}`, facts };
  }
  return {
    state: 'warn',
    found: `${host} does not list ${model}`,
    facts,
    mend: 'Check the name of the model; some providers do not list all that they have.',
  };
}

/** Undefined for what is no JSON or too much of it. */
async function readJson(response: Response): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    const part = chunk as Uint8Array;
    bytes += part.byteLength;
    if (bytes > largestList) return undefined;
    chunks.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return undefined;
  }
}
