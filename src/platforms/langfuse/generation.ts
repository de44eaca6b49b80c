import { AssayError } from '../../core/errors/assay-error.js';
import { patiently } from '../patience.js';
import type { ServerFacts } from './server-facts.js';

type Generation = ServerFacts['generation'];

/** What to do, by the generation of the server. */
interface GenerationCall {
  /** What the server is taken for before it was asked: that of the run. */
  readonly assumed: Generation | undefined;
  readonly signal: AbortSignal;
}

/**
 * The server as it was last seen. It is asked when somebody wants to know, and again after a failure in which it did not know
 * a route: a server can be upgraded while a run is published to it.
 */
export interface ServerGeneration {
  readonly seen: ServerFacts | undefined;
  /** Asks the server. */
  look(signal: AbortSignal): Promise<ServerFacts>;
  /** As it was seen; asks only where it never was. */
  known(signal: AbortSignal): Promise<ServerFacts>;
  /** To be told of each route or thing that the server does not know. */
  notFound(): void;
  /** Runs what the generation needs; once more where the server turns out to be of the other one. */
  call<T>(on: GenerationCall, run: (generation: Generation) => Promise<T>): Promise<T>;
  /** The same for pages: begun anew only before the first of them. */
  stream<T>(
    on: GenerationCall,
    open: (generation: Generation) => AsyncIterable<T>,
  ): AsyncGenerator<T, void, undefined>;
}

export function createServerGeneration(
  ask: (signal: AbortSignal) => Promise<ServerFacts>,
): ServerGeneration {
  let seen: ServerFacts | undefined;
  let unknown = 0;

  const look = async (signal: AbortSignal): Promise<ServerFacts> => {
    seen = await ask(signal);
    return seen;
  };
  const begin = ({ assumed }: GenerationCall) => ({
    generation: seen?.generation ?? assumed ?? 'v4',
    unknown,
  });
  /**
   * The other generation, where a failure comes of having taken the server for the wrong one.
   * @throws AssayError PLATFORM_UNREACHABLE where the server stumbles over the question: then nobody knows whether what it refused
   * is refused for good, and a run that was given up for it would have failed on a server that does what it should.
   */
  const otherThan = async (
    taken: ReturnType<typeof begin>,
    signal: AbortSignal,
  ): Promise<Generation | undefined> => {
    if (unknown === taken.unknown) return undefined;
    const facts = await patiently(signal, () => look(signal)).catch((error: unknown) => {
      if (AssayError.is(error) && error.code === 'PLATFORM_UNREACHABLE') throw error;
      // What the failure itself says is of more use than what else the second question met.
      return undefined;
    });
    return facts === undefined || facts.generation === taken.generation
      ? undefined
      : facts.generation;
  };

  return {
    get seen() {
      return seen;
    },
    look,
    known: async (signal) => seen ?? (await look(signal)),
    notFound: () => {
      unknown += 1;
    },
    call: async (on, run) => {
      const taken = begin(on);
      try {
        return await run(taken.generation);
      } catch (error) {
        const other = await otherThan(taken, on.signal);
        if (other === undefined) throw error;
        return run(other);
      }
    },
    async *stream(on, open) {
      const taken = begin(on);
      let begun = false;
      try {
        for await (const page of open(taken.generation)) {
          begun = true;
          yield page;
        }
        return;
      } catch (error) {
        const other = begun ? undefined : await otherThan(taken, on.signal);
        if (other === undefined) throw error;
        yield* open(other);
      }
    },
  };
}
