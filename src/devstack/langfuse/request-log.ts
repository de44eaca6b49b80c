/** One answered (or destroyed) request; `status` is 0 when the connection was dropped on purpose. */
export interface LoggedRequest {
  readonly at: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly durationMs: number;
  readonly faults?: readonly string[];
}

const kept = 2_000;

/** The last requests and the counts by route, in memory only: they describe this process, not the data. */
export class RequestLog {
  #ring: LoggedRequest[] = [];
  #next = 0;
  readonly #counts = new Map<string, number>();

  add(request: LoggedRequest, route: string): void {
    this.#ring[this.#next % kept] = request;
    this.#next += 1;
    const key = `${request.method} ${route} ${request.status}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  /** Newest first. */
  last(count: number): readonly LoggedRequest[] {
    const start = this.#next % kept;
    const ordered = [...this.#ring.slice(start), ...this.#ring.slice(0, start)];
    const chronological = this.#next < kept ? this.#ring : ordered;
    return chronological.slice(-count).reverse();
  }

  counts(): Record<string, number> {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => a.localeCompare(b)));
  }

  clear(): void {
    this.#ring = [];
    this.#next = 0;
    this.#counts.clear();
  }
}
