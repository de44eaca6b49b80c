import type { Delay, VisibilityChoice } from './options.js';
import { visibilityPresets } from './options.js';
import type { Random } from './random.js';

/** Draws how long a write of each kind stays unreadable; the rows carry the outcome, so a kill changes nothing. */
export class Visibility {
  #spans: Delay = visibilityPresets.embedded.spans;
  #scores: Delay = visibilityPresets.embedded.scores;
  readonly #random: Random;

  constructor(choice: VisibilityChoice, random: Random) {
    this.#random = random;
    this.set(choice);
  }

  set(choice: VisibilityChoice): void {
    const chosen = typeof choice === 'string' ? visibilityPresets[choice] : choice;
    this.#spans = chosen.spans ?? this.#spans;
    this.#scores = chosen.scores ?? this.#scores;
  }

  current(): { spans: Delay; scores: Delay } {
    return { spans: this.#spans, scores: this.#scores };
  }

  /** Milliseconds until the spans of one export can be read. */
  spansMs(): number {
    return this.#draw(this.#spans);
  }

  /** Milliseconds until the scores of one request can be read. */
  scoresMs(): number {
    return this.#draw(this.#scores);
  }

  #draw(delay: Delay): number {
    if ('fixedMs' in delay) return delay.fixedMs;
    return Math.round(delay.minMs + this.#random() * (delay.maxMs - delay.minMs));
  }
}
