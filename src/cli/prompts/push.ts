import type { AssayClient } from '../../client/assay-client.js';
import type {
  PromptCommandOptions,
  PromptProgress,
  PromptReply,
  PushedPrompt,
  PushPromptInput,
} from '../../client/prompts.js';
import { platformNameSchema } from '../../contracts/backend.js';
import { AssayError, toErrorDocument } from '../../core/errors/assay-error.js';
import { catalogueEntry } from '../../core/errors/catalogue.js';
import { readPromptFolders } from '../../prompts/prompt-folders.js';
import type { PromptSource } from '../../prompts/prompt-source.js';
import { readBackend } from '../backend-option.js';
import { shellWord, type Cli } from '../cli.js';
import { errorLines } from '../errors/render-error.js';
import { listenForInterrupt } from '../interrupt.js';
import { knownModels } from '../settings.js';
import { jsonText } from '../io/json-text.js';
import type { Sink } from '../io/sink.js';
import { projectsNamed } from '../same-project.js';
import { actorOf, rootOf, type BackendOptions, type FolderOptions } from './options.js';
import { preview } from './preview.js';
import { tellDetached, waitsOf } from './watch-prompts.js';

export interface PushCommand extends FolderOptions, BackendOptions {
  readonly dryRun?: boolean;
  readonly by?: string;
  readonly message?: string;
}

/** How many prompts are on their way at once. */
const atOnce = 8;

/** Brings prompts from their folders onto the platforms. */
export async function push(
  cli: Cli,
  names: readonly string[],
  options: PushCommand,
): Promise<number | undefined> {
  const root = rootOf(cli, options);
  const sources = await readPromptFolders(root, names);
  refuseUnknownModels(cli, sources, await knownModels(cli.folder));
  if (sources.length === 0) {
    if (cli.json) await cli.out.line(jsonText({ prompts: [] }));
    else
      await cli.err.line(
        `No prompts in ${cli.err.safe(root)}: a prompt is a folder with prompt.txt.`,
      );
    return undefined;
  }
  if (options.dryRun === true) {
    return dryRun(cli, sources, options);
  }
  const project = await cli.project();
  const interrupt = listenForInterrupt();
  const { signal } = interrupt;
  const waits = waitsOf(cli);
  try {
    return await cli.withClient(async (client) => {
      const { backend } = options;
      // Keys that are missing are missing for all of them: they are told once, and nothing is sent.
      const platforms = await client.prompts.platforms({
        project,
        sameProject: projectsNamed(cli),
        ...(backend === undefined ? {} : { backend }),
      });
      const replies: PromptReply<PushedPrompt>[] = [];
      const telling: Promise<void>[] = [];
      await inLanes(sources, async (source) => {
        const { name } = source;
        const onProgress = (progress: PromptProgress<PushedPrompt>): void => {
          waits(progress);
          // The last line of a pipe is whole JSON, so only people are told as they come.
          if (progress.state === 'waiting' || cli.json) return;
          const of = { name, pushed: progress.outcome, several: platforms.length > 1 };
          telling.push(placeOf(client, of).then((url) => tell(cli, { ...of, url })));
        };
        const watched = { platforms, onProgress, signal };
        replies.push(await pushOne(client, source, { ...options, project, watched }));
      });
      await Promise.all(telling);
      const failed = replies.filter((reply) =>
        reply.platforms.some(({ outcome }) => outcome === 'failed'),
      );
      const error = failed.length === 0 ? {} : { error: toErrorDocument(pushFailed(failed)) };
      if (cli.json) await cli.out.line(jsonText({ prompts: replies, ...error }));
      return failed.length === 0 ? undefined : catalogueEntry('PROMPT_PUSH_FAILED').exit;
    });
  } catch (error) {
    if (!signal.aborted) throw error;
    const again = ['prompts push', ...names.map(shellWord)].join(' ');
    await tellDetached(cli, { project, what: 'push', again });
    return interrupt.exitCode;
  } finally {
    interrupt.dispose();
  }
}

/** A model that the config does not have fails each run of the prompt: known here where the config was executed before. */
function refuseUnknownModels(
  cli: Cli,
  sources: readonly PromptSource[],
  models: readonly string[] | undefined,
): void {
  if (models === undefined) return;
  const problems = sources.flatMap(({ metadata: { model }, modelAt }) =>
    model === undefined || models.includes(model)
      ? []
      : [
          {
            at: modelAt ?? model,
            message: `names the model "${model}", which is none of the config's: ${models.join(', ')}`,
          },
        ],
  );
  if (problems.length === 0) return;
  throw new AssayError(
    'PROMPT_INVALID',
    'Prompts name models that assay.config.ts does not have.',
    {
      problems,
      mend: `After a change of the config: \`${cli.hint('config check')}\`. A model that only other programs know stands under \`config\`.`,
    },
  );
}

const pushFailed = (failed: readonly PromptReply<PushedPrompt>[]): AssayError =>
  new AssayError('PROMPT_PUSH_FAILED', `${failed.length} of the prompts could not be pushed.`, {
    problems: failed.flatMap(({ name, platforms }) =>
      platforms.flatMap((each) =>
        each.outcome === 'failed'
          ? [{ at: `${name} on ${each.platform}`, message: each.error.message }]
          : [],
      ),
    ),
  });

/** What fails for one prompt is its outcome: the others go on. */
async function pushOne(
  client: AssayClient,
  source: PromptSource,
  options: PushCommand & {
    readonly project: string;
    readonly watched: Required<PromptCommandOptions<PushedPrompt>>;
  },
): Promise<PromptReply<PushedPrompt>> {
  const { name } = source;
  const { watched } = options;
  try {
    return await client.prompts.push(requestOf(source, options), watched);
  } catch (error) {
    if (watched.signal.aborted) throw error;
    const failed = { outcome: 'failed' as const, error: toErrorDocument(error) };
    const platforms = watched.platforms.map((platform) => ({ platform, ...failed }));
    for (const outcome of platforms) {
      watched.onProgress({ platform: outcome.platform, state: 'ended', outcome });
    }
    return { name, platforms };
  }
}

function requestOf(
  { name, content, contentHash, metadata }: PromptSource,
  of: PushCommand & { readonly project: string },
): PushPromptInput {
  const { backend, project, by, message } = of;
  return {
    project,
    name,
    content: { ...content, body: mutable(content.body) },
    contentHash,
    labels: metadata.labels ?? [],
    actor: actorOf(by),
    ...(metadata.tags === undefined ? {} : { tags: metadata.tags }),
    ...(backend === undefined ? {} : { backend }),
    ...(message === undefined ? {} : { reason: message }),
  };
}

// Schemas give lists that may be written to; nobody writes to these.
const mutable = (body: PromptSource['content']['body']) =>
  body.kind === 'text' ? body : { ...body, messages: [...body.messages] };

async function inLanes<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const left = [...all];
  const lane = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await work(next);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, all.length) }, lane));
}

/** Where people look at what was made; undefined where the platform does not say. */
async function placeOf(
  client: AssayClient,
  { name, pushed }: { readonly name: string; readonly pushed: PushedPrompt },
): Promise<string | undefined> {
  const platform = platformNameSchema.safeParse(pushed.platform).data;
  if (pushed.outcome !== 'created' || platform === undefined) return undefined;
  return client.prompts.url(name, { platform }).catch(() => undefined);
}

async function tell(
  cli: Cli,
  of: {
    readonly name: string;
    readonly pushed: PushedPrompt;
    readonly several: boolean;
    readonly url: string | undefined;
  },
): Promise<void> {
  const { out, err } = cli;
  const { name, pushed, several, url } = of;
  const title = `${out.colours.bold(out.safe(name))}${several ? ` on ${pushed.platform}` : ''}`;
  if (pushed.outcome === 'failed') {
    await err.line(`${title}: ${err.colours.red('failed')}`);
    await err.line(errorLines(pushed.error, err).join('\n'));
    return;
  }
  await out.line(`${title} ${pushedText(pushed, out)}`);
  if (url !== undefined) await err.line(`  ${err.safe(url)}`);
  for (const note of pushed.notes) await err.line(`  note: ${err.safe(note)}`);
}

function pushedText(
  { outcome, version, labels }: PushedPrompt & { outcome: 'created' | 'unchanged' },
  { safe, colours }: Sink,
): string {
  const what =
    outcome === 'created'
      ? colours.green(`created v${safe(version)}`)
      : `unchanged v${safe(version)}`;
  const moved = labels.filter((each) => each.moved);
  if (moved.length === 0) return what;
  const texts = moved.map(
    ({ label, from }) => `${safe(label)}${from === undefined ? '' : ` (from v${safe(from)})`}`,
  );
  return `${what}, now ${texts.join(', ')}`;
}

/** The same requests; nobody is asked to carry them out. */
async function dryRun(
  cli: Cli,
  sources: readonly PromptSource[],
  options: PushCommand,
): Promise<number | undefined> {
  const project = await cli.project();
  const backend = await readBackend(cli, options.backend);
  const reading = { ...options, project, ...(backend === undefined ? {} : { backend }) };
  return preview(cli, async (client, tell) => {
    await inLanes(sources, async (source) => {
      tell(source.name, await client.prompts.foresee(requestOf(source, reading)));
    });
  });
}
