import type { ExperimentView } from '../../client/experiment-view.js';
import { jsonText } from '../io/json-text.js';
import type { Cli } from '../cli.js';
import type { Sink } from '../io/sink.js';
import { doneCells, progressBlock, progressLine, type ProgressFacts } from './progress-text.js';
import { SlidingRate } from './sliding-rate.js';

/** Shows a run while it goes on: drawn in place on a terminal, else a line now and then. */
export interface ProgressDisplay {
  /** Takes a fresh look at the run, and what it has cost so far where that is known. */
  update(view: ExperimentView, cost?: string): void;
  /** Leaves the last state standing and frees the terminal. */
  stop(): void;
}

/** How often the drawing is refreshed, in milliseconds, so that times and silences are seen between looks. */
const redrawMs = 500;
/** The shortest time between two lines of a log, unless the status changes. */
const lineEveryMs = 5_000;

/** Shows progress on stderr, or with `--json` as lines on stdout. */
export function showProgress(cli: Cli): ProgressDisplay {
  if (cli.json) {
    return tellProgress(cli.out, ({ view, cost }) =>
      // `experiment` as in every other event; `view` is what this one was called before.
      jsonText({
        event: 'progress',
        experiment: view,
        view,
        ...(cost === undefined ? {} : { cost }),
      }),
    );
  }
  if (cli.err.isTerminal) return drawProgress(cli.err);
  return tellProgress(cli.err, progressLine);
}

/** Keeps what is known between two looks. */
function createWatch() {
  const rate = new SlidingRate();
  const startedAt = performance.now();
  let last:
    | { readonly view: ExperimentView; readonly cost: string | undefined; readonly at: number }
    | undefined;
  return {
    look(view: ExperimentView, cost?: string) {
      const at = performance.now();
      last = { view, cost, at };
      rate.add(at, doneCells(view.counts));
    },
    facts(): ProgressFacts | undefined {
      if (last === undefined) return undefined;
      const now = performance.now();
      return {
        view: last.view,
        cost: last.cost,
        perSecond: rate.perSecond,
        stillMs: now - (rate.lastGrowthAt ?? startedAt),
        silentMs: now - last.at,
      };
    },
  };
}

function drawProgress(sink: Sink): ProgressDisplay {
  const watch = createWatch();
  let drawn = 0;
  const draw = (): void => {
    const facts = watch.facts();
    if (facts === undefined) return;
    const lines = progressBlock(facts, sink);
    // Back to the first line of the last drawing, then everything below is cleared.
    const home = drawn === 0 ? '' : `\u001b[${drawn}A`;
    drawn = lines.length;
    void sink.write(`${home}\r\u001b[J${lines.join('\n')}\n`);
  };
  const timer = setInterval(draw, redrawMs);
  return {
    update(view, cost) {
      watch.look(view, cost);
      draw();
    },
    stop: () => clearInterval(timer),
  };
}

function tellProgress(sink: Sink, line: (facts: ProgressFacts) => string): ProgressDisplay {
  const watch = createWatch();
  let told: { readonly status: string; readonly text: string; readonly at: number } | undefined;
  const tell = (): void => {
    const facts = watch.facts();
    if (facts === undefined) return;
    const text = line(facts);
    const now = performance.now();
    const { status } = facts.view;
    if (told !== undefined && told.status === status) {
      if (told.text === text || now - told.at < lineEveryMs) return;
    }
    told = { status, text, at: now };
    void sink.line(text);
  };
  // A store that is silent gives no look, which must be told as well.
  const timer = setInterval(tell, lineEveryMs);
  return {
    update(view, cost) {
      watch.look(view, cost);
      tell();
    },
    stop: () => clearInterval(timer),
  };
}
