import { PassThrough } from 'node:stream';

import type { ExperimentView } from '../../../src/client/experiment-view.js';
import { createSink, type Sink, type SinkStream } from '../../../src/cli/io/sink.js';

/** A stream that remembers what was written, as a terminal or as a pipe. */
export interface Recorded {
  readonly stream: SinkStream;
  readonly sink: Sink;
  readonly text: () => string;
}

export function recorded(
  options: {
    readonly terminal?: boolean;
    readonly columns?: number;
    readonly colour?: boolean;
    readonly environment?: Readonly<Record<string, string>>;
  } = {},
): Recorded {
  const { terminal = false, columns = 80, colour = true, environment = {} } = options;
  const stream: SinkStream = Object.assign(
    new PassThrough(),
    terminal ? { isTTY: true, columns } : {},
  );
  const chunks: string[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk.toString('utf8')));
  const sink = createSink(stream, { colour, environment });
  return { stream, sink, text: () => chunks.join('') };
}

/** A run in the middle. */
export function viewOf(change: Partial<ExperimentView> = {}): ExperimentView {
  return {
    id: 'support/nightly',
    project: 'support',
    name: 'nightly',
    slug: 'nightly',
    status: 'running',
    target: 'triage',
    dataset: 'tickets',
    counts: { planned: 200, pending: 150, ok: 45, target_error: 3, evaluator_error: 2, skipped: 0 },
    concurrency: 16,
    waitingFor: undefined,
    publication: [],
    passes: [],
    pass: undefined,
    sample: undefined,
    reuse: undefined,
    summary: undefined,
    error: undefined,
    createdAt: '2026-03-02T09:00:00.000Z',
    startedAt: '2026-03-02T09:00:01.000Z',
    finishedAt: undefined,
    prunedAt: undefined,
    workflowId: 'assay/support/experiment/nightly',
    runUid: '0f4c2a6e9b1d4c1f8a7e5d3b2c1a0f9e',
    ...change,
  };
}
