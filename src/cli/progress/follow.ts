import type { AssayClient } from '../../client/assay-client.js';
import type { ExperimentView } from '../../client/experiment-view.js';
import type { ExperimentKey } from '../../client/experiments.js';
import { shellWord, type Cli } from '../cli.js';
import { listenForInterrupt } from '../interrupt.js';
import { jsonText } from '../io/json-text.js';
import { conclude, type ConcludeOptions } from '../results/conclude.js';
import { isFinalStatus } from '../../core/experiment/naming.js';
import { createCostWatch } from './cost-watch.js';
import { showProgress } from './show-progress.js';

/** What there is to follow. */
export interface FollowedRun {
  readonly client: AssayClient;
  readonly key: ExperimentKey;
  /** What comes before there is something to watch: the submission. It says what there is to watch. */
  readonly begin?: () => Promise<ExperimentKey>;
  /** What comes of its end. Default: it is concluded like any run. */
  readonly end?: (view: ExperimentView) => Promise<void>;
}

/**
 * Shows a run until its end and concludes it. Ctrl-C only stops the watching.
 *
 * @returns the exit code.
 */
export async function follow(
  cli: Cli,
  { client, key: asked, begin, end }: FollowedRun,
  options: ConcludeOptions,
): Promise<number> {
  const interrupt = listenForInterrupt();
  const { signal } = interrupt;
  let key = asked;
  const display = showProgress(cli);
  let phase: 'submitting' | 'watching' | 'ended' = 'submitting';
  try {
    if (begin !== undefined) key = await leaveable(begin(), signal);
    phase = 'watching';
    const costs = createCostWatch(() => client.experiments.costs(key));
    const view = await client.experiments.wait(key, {
      signal,
      onProgress: (seen) => {
        // The last line tells the cost of all of it.
        if (!isFinalStatus(seen.status)) display.update(seen, costs.text);
      },
    });
    display.update(view, await costs.fresh());
    display.stop();
    phase = 'ended';
    await (end === undefined ? conclude(cli, { client, view }, options) : end(view));
    return 0;
  } catch (error) {
    if (phase === 'ended' || !signal.aborted) throw error;
    display.stop();
    await tellDetached(cli, key, phase === 'watching');
    return interrupt.exitCode;
  } finally {
    display.stop();
    interrupt.dispose();
  }
}

function leaveable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    work.then(resolve, reject);
    const leave = (): void => reject(new Error('Interrupted.'));
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
  });
}

async function tellDetached(cli: Cli, key: ExperimentKey, accepted: boolean): Promise<void> {
  const { out, err } = cli;
  if (cli.json) {
    await out.line(jsonText({ event: 'detached', ...key, accepted: accepted || null }));
    return;
  }
  const command = (verb: string): string =>
    err.colours.cyan(err.safe(cli.hint(`experiment ${verb} ${shellWord(key.name)}`)));
  if (!accepted) {
    await err.line('\nLeft before the run was accepted; it may have been started all the same.');
    await err.line(`  See:        ${command('status')}`);
    return;
  }
  await err.line('\nDetached: the run goes on by itself.');
  await err.line(`  Come back:  ${command('watch')}`);
  await err.line(`  End it:     ${command('cancel')}`);
}
