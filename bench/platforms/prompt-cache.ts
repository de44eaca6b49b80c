import { createPromptCache } from '../../src/prompts/prompt-cache.js';
import { median } from '../arithmetic/median.js';

/** Prompts that an application holds at once: a lookup among one would be kinder than life. */
const prompts = 200;
/** Fetched one after another, each awaited, as requests of an application do. */
const fetches = 200_000;
const rounds = 5;

/**
 * Microseconds that an application waits for a prompt which is in memory: `fetch` as it is called, with its promise and the
 * default clock, over {@link prompts} of 4 kB. The median of {@link rounds} rounds after one that warms up.
 */
export async function promptCacheHitMicros(): Promise<number> {
  const text = 'You answer questions about orders. '.repeat(120);
  const cache = createPromptCache({
    load: (name) =>
      Promise.resolve({
        version: '1',
        labels: ['production'],
        body: { kind: 'chat', messages: [{ role: 'system', content: `${name}: ${text}` }] },
        config: { model: 'small', parameters: { temperature: 0 } },
      }),
    // The benchmark must measure hits only, however slow the machine.
    ttlMs: 3_600_000,
  });
  const wishes = Array.from({ length: prompts }, (_, index) => ({
    name: `team/prompt-${index}`,
    label: 'production',
  }));
  for (const wish of wishes) await cache.fetch(wish);
  const measured: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const begin = performance.now();
    for (let done = 0; done < fetches; done += prompts) {
      for (const wish of wishes) {
        const { source } = await cache.fetch(wish);
        if (source !== 'cache') throw new Error(`a prompt came from ${source}, not from memory`);
      }
    }
    if (round > 0) measured.push(((performance.now() - begin) * 1_000) / fetches);
  }
  await cache.settled();
  return median(measured);
}
