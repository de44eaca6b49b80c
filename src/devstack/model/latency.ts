import type { Latency } from './options.js';
import type { Random } from './random.js';

/** Draws one answer's latency in milliseconds. */
export const drawLatency = (latency: Latency, random: Random): number => {
  if (typeof latency === 'number') return latency;
  if ('min' in latency) return latency.min + random() * (latency.max - latency.min);
  return random() < latency.tailShare ? latency.tailMs : latency.ms;
};
