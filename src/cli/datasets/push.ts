import type { PlatformPush, PushedDataset, PushRecord } from '../../client/datasets.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { count } from '../../core/report/figures.js';
import { datasetStamp } from '../../datasets/dataset-stamp.js';
import { openLocalDataset } from '../../datasets/local-dataset.js';
import { shellWord, type Cli } from '../cli.js';
import { errorLines } from '../errors/render-error.js';
import { listenForInterrupt } from '../interrupt.js';
import { jsonText } from '../io/json-text.js';
import { requireSameProject } from '../same-project.js';
import { pushText } from '../../core/dataset/push-story.js';
import { namesMeant } from './check.js';
import { dryRun } from './dry-run.js';
import { datasetsFolder } from './local-files.js';
import type { PushCommand } from './push-command.js';

/** Pushes one dataset, or all of the folder one after the other; what is wrong with one keeps no other back. */
export async function pushAll(
  cli: Cli,
  name: string | undefined,
  options: PushCommand,
): Promise<number> {
  const one = options.dryRun === true ? dryRun : push;
  const names = await namesMeant(cli, name, options);
  if (name !== undefined) return one(cli, name, options);
  let exit = 0;
  for (const each of names) {
    if (await isLabelled(cli, each)) continue;
    const code = await one(cli, each, options).catch(async (error: unknown) => {
      if (!AssayError.is(error)) throw error;
      const { out, err, json } = cli;
      if (json) await out.line(jsonText({ dataset: each, error: error.toJSON() }));
      else for (const line of errorLines(error.toJSON(), err)) await err.line(line);
      return error.entry.exit;
    });
    // Whoever interrupts means all that are left.
    if (code > 128) return code;
    if (exit === 0) exit = code;
  }
  return exit;
}

/** Pushes a dataset and shows it until its end; Ctrl-C only stops the watching. */
async function push(cli: Cli, dataset: string, options: PushCommand): Promise<number> {
  const project = await cli.project();
  const { backend, archiveRemoved = false, wait } = options;
  const stamp = await ownStamp(cli, dataset);
  const interrupt = listenForInterrupt();
  const show = progressOf(cli);
  try {
    const pushed = await cli.withClient(async (client) => {
      await requireSameProject(cli, client, { project, backend });
      return client.datasets.push(
        {
          project,
          dataset,
          archiveRemoved,
          ...(backend === undefined ? {} : { backend }),
          ...(stamp === undefined ? {} : { stamp }),
          ...(wait === undefined ? {} : { patienceMs: wait }),
        },
        { signal: interrupt.signal, onProgress: show },
      );
    });
    return await conclude(cli, dataset, pushed);
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    if (cli.json) await cli.out.line(jsonText({ event: 'detached', project, dataset }));
    else {
      await cli.err.line('\nDetached: the push goes on by itself.');
      const again = cli.hint(`datasets push ${shellWord(dataset)}`);
      await cli.err.line(`  Come back:  ${cli.err.safe(again)}`);
    }
    return interrupt.exitCode;
  } finally {
    interrupt.dispose();
  }
}

/** Sets of labels are for judges of this folder; one is pushed where it is named. */
async function isLabelled(cli: Cli, name: string): Promise<boolean> {
  const local = await openLocalDataset(await datasetsFolder(cli), name).catch(() => undefined);
  return local !== undefined && /labels\.\w+$/.test(local.file);
}

/** Of the files here, if they are here: a worker that has others refuses, instead of pushing what nobody looked at. */
async function ownStamp(cli: Cli, name: string): Promise<string | undefined> {
  const local = await openLocalDataset(await datasetsFolder(cli), name).catch((error: unknown) => {
    // The worker tells what is wrong with it.
    if (AssayError.is(error)) return undefined;
    throw error;
  });
  return local === undefined ? undefined : datasetStamp(local);
}

/** The shortest time between two lines of a log. */
const lineEveryMs = 5_000;

function progressOf(cli: Cli): (platforms: readonly PushRecord[]) => void {
  let told = { at: Number.NEGATIVE_INFINITY, text: '' };
  return (platforms) => {
    if (platforms.length === 0) return;
    const lines = platforms.map((each) => `${each.platform}: ${lineOf(each)}`);
    const text = lines.join('; ');
    const now = performance.now();
    const every = cli.err.isTerminal && !cli.json ? 0 : lineEveryMs;
    if (text === told.text || now - told.at < every) return;
    told = { at: now, text };
    if (cli.json) void cli.out.line(jsonText({ event: 'progress', platforms }));
    else if (cli.err.isTerminal) void cli.err.write(`\r\u001b[K${cli.err.safe(text)}`);
    else void cli.err.line(cli.err.safe(text));
  };
}

function lineOf({ cursor, waiting, ...push }: PushRecord): string {
  const { platform, phase, listed, items, unchanged, added, changed } = push;
  const { removed, archived, requests } = push;
  const counts = { platform, phase, listed, items, unchanged, added, changed, removed, archived };
  const text = pushText({ ...counts, requests, position: cursor });
  return waiting === undefined ? text : `${text} (waits: ${waiting})`;
}

async function conclude(cli: Cli, dataset: string, pushed: PushedDataset): Promise<number> {
  const { out, err } = cli;
  const failed = pushed.platforms.flatMap(({ error }) => error ?? []);
  if (cli.json) {
    await out.line(jsonText({ event: 'pushed', dataset, ...pushed }));
  } else {
    if (err.isTerminal) await err.write('\r\u001b[K');
    for (const each of pushed.platforms) await out.line(summaryOf(cli, dataset, each));
    for (const document of failed) {
      for (const line of errorLines(document, err)) await err.line(line);
    }
  }
  const [first] = failed;
  return first === undefined ? 0 : AssayError.from(first).entry.exit;
}

function summaryOf({ out }: Cli, dataset: string, push: PlatformPush): string {
  const { bold } = out.colours;
  const { platform, phase, version, url, removed, archived } = push;
  const state = phase === 'done' ? 'is on' : 'is not wholly on';
  const lines = [
    `${bold(out.safe(dataset))} ${state} ${platform}: ${count(push.added)} added, ${count(push.changed)} changed, ${count(push.unchanged)} unchanged`,
  ];
  if (archived > 0) lines.push(`  ${count(archived)} archived that the files do not have any more`);
  if (removed > archived) {
    lines.push(
      `  ${count(removed - archived)} only there: --archive-removed archives what the files do not have`,
    );
  }
  if (version !== undefined) lines.push(`  version ${out.safe(version)}`);
  if (url !== undefined) lines.push(`  ${out.safe(url)}`);
  return lines.join('\n');
}
