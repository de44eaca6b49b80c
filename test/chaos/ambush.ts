/** What a relay carries: statements to Postgres, requests to Langfuse (`platform`), to LangSmith or to the model. */
export type Way = 'database' | 'platform' | 'langsmith' | 'model';

/** Before it reaches the service, or once the service has answered and before the worker hears of it. */
export type Moment = 'sent' | 'answered';

/** An exact place in a worker's work at which somebody waits for it. */
export interface Place {
  readonly name: string;
  readonly way: Way;
  /** Part of the statement, or of `METHOD /path`. */
  readonly text: string;
  readonly moment: Moment;
  /** What becomes of the bytes after the strike: handed on, or lost with their connection. */
  readonly then: 'forward' | 'drop';
}

/** Somebody who waits at a place, once. */
export interface Ambush {
  readonly place: Place;
  /** @returns false where this passer-by is none of ours; the ambush stays then. */
  readonly strike: (port: number) => Promise<boolean>;
}

/** The ambushes that are laid. */
export interface Ambushes {
  lay(ambush: Ambush): void;
  /** The names of places at which nobody has come by. */
  waiting(): readonly string[];
  /** The ambush that lies where this text passes, if any; the relay then springs it. */
  find(way: Way, moment: Moment, includes: (text: string) => boolean): Ambush | undefined;
  /** Strikes who comes from this port of loopback; the bytes may be lost for it. */
  spring(ambush: Ambush, port: number): Promise<'forward' | 'drop'>;
}

export const createAmbushes = (): Ambushes => {
  const laid = new Set<Ambush>();
  return {
    lay: (ambush) => void laid.add(ambush),
    waiting: () => [...laid].map(({ place }) => place.name),
    find: (way, moment, includes) => {
      for (const ambush of laid) {
        const { place } = ambush;
        if (place.way === way && place.moment === moment && includes(place.text)) return ambush;
      }
      return undefined;
    },
    async spring(ambush, port) {
      // Away first: another one that comes by while we strike must pass.
      if (!laid.delete(ambush)) return 'forward';
      const struck = await ambush.strike(port).catch(() => false);
      if (!struck) laid.add(ambush);
      return struck ? ambush.place.then : 'forward';
    },
  };
};
