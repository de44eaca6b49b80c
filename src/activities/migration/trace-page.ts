import { sha256 } from '../../core/ids/hash.js';
import { nanosecondsOf } from '../../core/ids/nanoseconds.js';
import { canonicalJson } from '../../core/json/json.js';
import type { ForeignTrace, ScoreValue } from '../../platforms/trace-port.js';

/** By what the spans of a trace are compared: each once. */
export const spansKey = (ids: readonly string[]): string =>
  sha256([...new Set(ids)].sort().join(','));

/** By what a score is compared. */
export const scoreKey = ({ name, value }: ScoreValue): string =>
  sha256(canonicalJson([name, value.type, value.value]));

/** Between which moments the spans of traces begin; a target keeps milliseconds, so both ends are a little wider. */
export function windowOf(
  traces: readonly ForeignTrace[],
): { readonly from: string; readonly to: string } | undefined {
  let from: bigint | undefined;
  let to: bigint | undefined;
  for (const { spans } of traces) {
    for (const { startedAt } of spans) {
      const at = nanosecondsOf(startedAt);
      if (at === undefined) continue;
      if (from === undefined || at < from) from = at;
      if (to === undefined || at > to) to = at;
    }
  }
  if (from === undefined || to === undefined) return undefined;
  const moment = (ns: bigint, ms: number): string =>
    new Date(Number(ns / 1_000_000n) + ms).toISOString();
  return { from: moment(from, -1), to: moment(to, 2) };
}
