import type { TracedSpan } from '../../../src/contracts/records.js';
import { cellTraceId } from '../../../src/core/ids/platform-ids.js';
import type { AttemptOf, AttemptTrace, CellTracing } from '../../../src/tracing/port.js';

/** The identity of a cell as the engine gives it. */
export function cellOf(itemId = 'item-1', revision = 1): AttemptOf {
  const identity = { runUid: 'run-1', itemId, repetition: 1, revision };
  return { ...identity, traceId: cellTraceId(identity) };
}

/** Runs code as the target of one attempt, and gives what was collected of it. */
export async function collect(
  tracing: CellTracing,
  code: (trace: AttemptTrace) => unknown,
  of: AttemptOf = cellOf(),
): Promise<{ readonly spans: readonly TracedSpan[]; readonly leftOut: number }> {
  const trace = tracing.begin(of);
  try {
    const place = trace.place('target');
    await place.run(
      () =>
        new Promise((done) => {
          done(code(trace));
        }),
    );
    place.end();
    const { spans = [], spansLeftOut = 0 } = trace.spans();
    return { spans, leftOut: spansLeftOut };
  } finally {
    trace.close();
  }
}

/** `parent > name`, of each span. */
export const treeOf = (spans: readonly TracedSpan[]): readonly string[] => {
  const names = new Map(spans.map(({ path, name }) => [path, name]));
  return spans.map(({ parent, name }) => `${names.get(parent) ?? parent} > ${name}`);
};
