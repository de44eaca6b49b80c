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
    const failure = toNetworkFailure(error);
    // The spans were taken, whatever became of the rest of the answer; of scores the list of errors is needed.
    const taken = failure.status !== undefined && failure.status >= 200 && failure.status < 300;
    return taken && batch.kind === 'spans'
      ? { outcome: 'accepted', refused: [] }
      : outcomeOfFailure(failure);
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
