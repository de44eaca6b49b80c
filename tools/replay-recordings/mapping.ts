const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;
const kinds: readonly (readonly [string, RegExp])[] = [
  ['uuid', /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/],
  ['cuid', /^c[0-9a-z]{24}$/],
  ['run', /^[0-9a-f]{16}$/],
  ['cursor', /^eyJ[A-Za-z0-9_-]+=*$/],
];
// Only these fields hold ids that the server derives in the shape of a span id.
const runKeys = new Set(['datasetRunId', 'id', 'experimentId']);

/**
 * What the recorded server made (ids, cursors, times) against what ours made. Learnt from the answers,
 * applied to the requests that follow.
 */
export class Mapping {
  readonly #values = new Map<string, string>();
  readonly #taken = new Set<string>();
  readonly #times: { recorded: number; ours: number }[] = [];
  readonly #recordedDay: string;

  /** `recordedDay` is the day of the recording, like `2026-11-21`: times of it count as "now". */
  constructor(recordedDay: string) {
    this.#recordedDay = recordedDay;
  }

  /** Whether our value may stand for the recorded one; learns the pair when it is new. */
  matches(key: string, recorded: string, ours: unknown): boolean {
    if (recorded === ours) return true;
    if (typeof ours !== 'string') return false;
    const known = this.#values.get(recorded);
    if (known !== undefined) return known === ours;
    if (this.translate(recorded) === ours) return true;
    // One of ours stands for one of theirs only: two rows that swap their ids must not agree.
    if (this.#taken.has(ours)) return false;
    if (this.isNow(recorded)) return this.#matchesTime(recorded, ours);
    const kind = kinds.find(([, pattern]) => pattern.test(recorded));
    if (kind?.[1].test(ours) !== true) return false;
    if (kind[0] === 'run' && !runKeys.has(key)) return false;
    this.#values.set(recorded, ours);
    this.#taken.add(ours);
    return true;
  }

  isNow(text: string): boolean {
    return isoTime.test(text) && text.startsWith(this.#recordedDay);
  }

  #matchesTime(recorded: string, ours: string): boolean {
    if (!isoTime.test(ours)) return false;
    this.#times.push({ recorded: Date.parse(recorded), ours: Date.parse(ours) });
    return true;
  }

  /** A recorded text (a path, a body) with everything known put in its place. */
  translate(text: string): string {
    let translated = text;
    for (const [recorded, ours] of this.#values)
      translated = translated
        .replaceAll(recorded, ours)
        .replaceAll(encodeURIComponent(recorded), encodeURIComponent(ours));
    return translated;
  }

  /** The instant of ours that corresponds to a recorded one: just after the last write before it. */
  translateTime(recorded: string): string {
    const instant = Date.parse(recorded);
    const before = this.#times.filter((pair) => pair.recorded <= instant);
    const last = before.sort((a, b) => b.recorded - a.recorded)[0];
    return new Date(last?.ours ?? instant).toISOString();
  }
}
