import type { OutboundExport, SendOutcome } from '../port.js';
import { toNetworkFailure } from '../http/network-failure.js';
import { outcomeOfAnswer, outcomeOfFailure } from './outcome.js';
import type { HttpRequest, Transport } from '../http/transport.js';
import { ingestionBody, otlpBody, type OlderServer } from './v4/export-body.js';

/** One request for the export, nothing repeated; every end of it is an outcome. */
export async function sendExport(
  transport: Transport,
  batch: OutboundExport,
  on: {
    readonly signal: AbortSignal;
    readonly mayLeave?: (() => boolean) | undefined;
    readonly older?: OlderServer;
  },
): Promise<SendOutcome> {
  if (batch.records.length === 0) return { outcome: 'accepted', refused: [] };
  const { signal, mayLeave, older } = on;
  try {
    const answer = await transport.exchange({ ...requestFor(batch, older), signal, mayLeave });
    return outcomeOfAnswer(batch, answer, Date.now());
  } catch (error) {
    // Also where only the answer's body broke off: a proxy's page begins with a 200 as well, and who was not heard is looked for.
    return outcomeOfFailure(toNetworkFailure(error));
  }
}

function requestFor(
  batch: OutboundExport,
  older: OlderServer | undefined,
): Omit<HttpRequest, 'signal' | 'mayLeave'> {
  if (batch.kind === 'scores') {
    return { method: 'POST', path: '/api/public/ingestion', body: ingestionBody(batch) };
  }
  return {
    method: 'POST',
    path: '/api/public/otel/v1/traces',
    body: otlpBody(batch, older),
    gzip: true,
    // Without it a server in `dual` mode shows the spans only ten minutes later.
    headers: { 'x-langfuse-ingestion-version': '4' },
  };
}
