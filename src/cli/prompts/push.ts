import type { AssayClient } from '../../client/assay-client.js';
import type { PromptReply, PushedPrompt } from '../../client/prompts.js';
import { platformNameSchema } from '../../contracts/backend.js';
import { AssayError, toErrorDocument } from '../../core/errors/assay-error.js';
import { catalogueEntry } from '../../core/errors/catalogue.js';
import { contentLabel } from '../../core/prompts/content.js';
import { readPromptFolders } from '../../prompts/prompt-folders.js';
import type { PromptSource } from '../../prompts/prompt-source.js';
import { readBackend } from '../backend-option.js';
import type { Cli } from '../cli.js';
import { errorLines } from '../errors/render-error.js';
import { knownModels } from '../settings.js';
import { jsonText } from '../io/json-text.js';
import type { Sink } from '../io/sink.js';
import {
  actorOf,
  rootOf,
  type BackendOptions,
  type FolderOptions,
} from '../commands/prompts-options.js';

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
  if (options.dryRun === true) return preview(cli, sources, options);
  const project = await cli.project();
  const replies: PromptReply<PushedPrompt>[] = [];
  await cli.withClient(async (client) => {
    await inLanes(sources, async (source) => {
      const reply = await pushOne(client, source, { ...options, project });
      replies.push(reply);
      // The last line of a pipe is whole JSON, so only people are told as they come.
      if (!cli.json) await tell(cli, reply, await places(client, reply));
    });
  });
  const failed = replies.filter(({ platforms }) =>
    platforms.some(({ outcome }) => outcome === 'failed'),
  );
  const error = failed.length === 0 ? {} : { error: toErrorDocument(pushFailed(failed)) };
  if (cli.json) await cli.out.line(jsonText({ prompts: replies, ...error }));
  return failed.length === 0 ? undefined : catalogueEntry('PROMPT_PUSH_FAILED').exit;
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
  options: PushCommand & { readonly project: string },
): Promise<PromptReply<PushedPrompt>> {
  const { name, content, contentHash, metadata } = source;
  const { backend, project, by, message } = options;
  try {
    return await client.prompts.push({
      project,
      name,
      content: { ...content, body: mutable(content.body) },
      contentHash,
      labels: metadata.labels ?? [],
      actor: actorOf(by),
      ...(metadata.tags === undefined ? {} : { tags: metadata.tags }),
      ...(backend === undefined ? {} : { backend }),
      ...(message === undefined ? {} : { reason: message }),
    });
  } catch (error) {
    return {
      name,
      platforms: [
        { platform: backend ?? 'platform', outcome: 'failed', error: toErrorDocument(error) },
      ],
    };
  }
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

/** Where people look at what was made, by platform; nothing of a platform that does not answer here. */
async function places(
  client: AssayClient,
  { name, platforms }: PromptReply<PushedPrompt>,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const { platform, outcome } of platforms) {
    const known = platformNameSchema.safeParse(platform).data;
    if (outcome !== 'created' || known === undefined) continue;
    const url = await client.prompts.url(name, { platform: known }).catch(() => undefined);
    if (url !== undefined) found.set(platform, url);
  }
  return found;
}

async function tell(
  cli: Cli,
  { name, platforms }: PromptReply<PushedPrompt>,
  urls: ReadonlyMap<string, string>,
): Promise<void> {
  const { out, err } = cli;
  for (const pushed of platforms) {
    const title = `${out.colours.bold(out.safe(name))}${platforms.length > 1 ? ` on ${pushed.platform}` : ''}`;
    if (pushed.outcome === 'failed') {
      await err.line(`${title}: ${err.colours.red('failed')}`);
      await err.line(errorLines(pushed.error, err).join('\n'));
      continue;
    }
    await out.line(`${title} ${pushedText(pushed, out)}`);
    const url = urls.get(pushed.platform);
    if (url !== undefined) await err.line(`  ${err.safe(url)}`);
    for (const note of pushed.notes) await err.line(`  note: ${err.safe(note)}`);
  }
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

async function preview(
  cli: Cli,
  sources: readonly PromptSource[],
  { backend }: PushCommand,
): Promise<undefined> {
  const plans: {
    name: string;
    platform: string;
    outcome: string;
    version?: string;
    labels: readonly string[];
  }[] = [];
  const reading = await readBackend(cli, backend);
  await cli.withClient(async ({ prompts }) => {
    for (const { platform, prompts: library } of prompts.libraries(reading)) {
      await inLanes(sources, async ({ name, contentHash, metadata }) => {
        const signal = AbortSignal.timeout(30_000);
        const found = await library.get(name, { label: contentLabel(contentHash) }, signal);
        const labels = (metadata.labels ?? []).filter(
          (label) => found?.labels.includes(label) !== true,
        );
        plans.push({
          name,
          platform,
          outcome: found === undefined ? 'create' : 'unchanged',
          ...(found === undefined ? {} : { version: found.version }),
          labels,
        });
      });
    }
  });
  plans.sort((a, b) => (a.name < b.name ? -1 : 1));
  if (cli.json) {
    // As a push itself says it: a prompt, and what becomes of it on each platform.
    const prompts = sources.map(({ name }) => ({
      name,
      platforms: plans
        .filter((plan) => plan.name === name)
        .map(({ platform, outcome, version, labels }) => ({ platform, outcome, version, labels })),
    }));
    await cli.out.line(jsonText({ dryRun: true, prompts }));
    return undefined;
  }
  const { safe, colours } = cli.out;
  for (const { name, outcome, version, labels } of plans) {
    const what =
      outcome === 'create'
        ? colours.green('would be created')
        : `unchanged v${safe(version ?? '')}`;
    const put = labels.length === 0 ? '' : `, would get ${safe(labels.join(', '))}`;
    await cli.out.line(`${colours.bold(safe(name))} ${what}${put}`);
  }
  return undefined;
}
