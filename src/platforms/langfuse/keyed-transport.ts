import { createHttpTransport, type Transport } from '../http/transport.js';
import type { LangfuseSettings } from './options.js';

/** {@link Transport} to a Langfuse server, with its keys. */
export function createTransport(settings: LangfuseSettings): Transport {
  const { baseUrl, timeoutMs, dispatcher, publicKey, secretKey } = settings;
  const keys = Buffer.from(`${publicKey}:${secretKey}`).toString('base64');
  return createHttpTransport({
    baseUrl,
    timeoutMs,
    dispatcher,
    headers: { authorization: `Basic ${keys}` },
  });
}
