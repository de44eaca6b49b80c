/** By how much the clock of a platform, which dates versions, may be ahead of one's own. */
const clocksApartMs = 600_000;

/** Whether a version of a dataset (a moment, ISO 8601) is still to come: what it holds then would change until it does. */
export const isInFuture = (version: string, nowMs: number): boolean =>
  Date.parse(version) > nowMs + clocksApartMs;
