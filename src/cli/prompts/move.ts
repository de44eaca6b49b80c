import type { AssayClient } from '../../client/assay-client.js';
import type {
  MovedPrompt,
  MovePromptLabelInput,
  PromptProgress,
  PromptReply,
} from '../../client/prompts.js';
import { platformNameSchema } from '../../contracts/backend.js';
import { toErrorDocument } from '../../core/errors/assay-error.js';
import { catalogueEntry, isErrorCode } from '../../core/errors/catalogue.js';
import { platformNames } from '../../core/platforms/backend.js';
import { latestLabel } from '../../core/prompts/labels.js';
import { readBackend } from '../backend-option.js';
import { shellWord, type Cli } from '../cli.js';
import { projectsNamed } from '../same-project.js';
import type { BackendOptions } from './options.js';
import { errorLines } from '../errors/render-error.js';
import { listenForInterrupt } from '../interrupt.js';
import { jsonText } from '../io/json-text.js';
import { tellDetached, waitsOf } from './watch-prompts.js';
import { isThere, namedPrompt, noSuchPrompt } from './named-prompt.js';
import type { NameOptions } from './name-option.js';

/** A command whose prompt is not looked up yet. */
type Unnamed<Request> = Request extends unknown ? Omit<Request, 'name'> : never;

/** Gives the command, for the prompt that was meant, and says of each platform what came of it as soon as it is known. */
export async function move(
  cli: Cli,
  options: BackendOptions & NameOptions,
  { given, request }: { readonly given: string; readonly request: Unnamed<MovePromptLabelInput> },
): Promise<number | undefined> {
  const { project, kind } = request;
  const interrupt = listenForInterrupt();
  const { signal } = interrupt;
  try {
    const reply = await cli.withClient((client) =>
      carryOut({ cli, client, signal }, { given, request, options }),
    );
    const failed = reply.platforms.find((each) => each.outcome === 'failed');
    // Errors of all commands are at `error`; here what was done stands beside it.
    const error = failed === undefined ? {} : { error: failed.error };
    if (cli.json) await cli.out.line(jsonText({ ...reply, ...error }));
    if (failed === undefined) return undefined;
    return catalogueEntry(isErrorCode(failed.error.code) ? failed.error.code : 'INTERNAL').exit;
  } catch (error) {
    if (!signal.aborted) throw error;
    const again = `prompts history ${shellWord(given)}`;
    await tellDetached(cli, { project, what: kind, again });
    return interrupt.exitCode;
  } finally {
    interrupt.dispose();
  }
}

async function carryOut(
  on: { readonly cli: Cli; readonly client: AssayClient; readonly signal: AbortSignal },
  of: {
    readonly given: string;
    readonly request: Unnamed<MovePromptLabelInput>;
    readonly options: BackendOptions & NameOptions;
  },
): Promise<PromptReply<MovedPrompt>> {
  const { cli, client, signal } = on;
  const { given, request, options } = of;
  const { project, backend } = request;
  const known = await readBackend(cli, options.backend);
  const platform = known === undefined ? undefined : platformNames(known)[0];
  const reading = platform === undefined ? {} : { platform };
  const name = await namedPrompt(on, given, { ...options, reading });
  const platforms = await client.prompts.platforms({
    project,
    sameProject: projectsNamed(cli),
    ...(backend === undefined ? {} : { backend }),
  });
  const waits = waitsOf(cli);
  const explained = new Map<string, Promise<MovedPrompt>>();
  const onProgress = (progress: PromptProgress<MovedPrompt>): void => {
    waits(progress);
    if (progress.state === 'waiting') return;
    const moved = explain(on, progress.outcome, { name, request, dir: options.dir });
    const told = moved.then(async (each) => {
      if (!cli.json) await tell(cli, { name, moved: each, several: platforms.length > 1 });
      return each;
    });
    // Awaited below; a failure before that is no unhandled one.
    told.catch(() => undefined);
    explained.set(progress.platform, told);
  };
  const reply = await client.prompts.move({ ...request, name }, { platforms, onProgress, signal });
  const platformsSaid = reply.platforms.map(
    async (each) => (await explained.get(each.platform)) ?? each,
  );
  return { name, platforms: await Promise.all(platformsSaid) };
}

/** What may stand for "there is no such prompt": a history that is empty says nothing of why. */
const ofUnknown: readonly string[] = ['PROMPT_NOT_FOUND', 'PROMPT_HISTORY_MISSING'];

/** What came of it, where a platform has no such prompt in those words, with what may have been meant. */
async function explain(
  on: { readonly cli: Cli; readonly client: AssayClient },
  moved: MovedPrompt,
  of: {
    readonly name: string;
    readonly request: Unnamed<MovePromptLabelInput>;
    readonly dir: string;
  },
): Promise<MovedPrompt> {
  const { name, request, dir } = of;
  const platform = platformNameSchema.safeParse(moved.platform).data;
  if (moved.outcome !== 'failed' || platform === undefined) return moved;
  if (!ofUnknown.includes(moved.error.code)) return moved;
  const reading = { platform };
  const known = await isThere(on.client, name, reading);
  const isVersion = known === true && request.kind === 'promote';
  if (known !== false && !isVersion) return moved;
  const which = isVersion ? request.to : { label: latestLabel };
  const error = await noSuchPrompt(on, { name, which }, { dir, reading });
  return { ...moved, error: toErrorDocument(error) };
}

async function tell(
  { out, err }: Cli,
  of: { readonly name: string; readonly moved: MovedPrompt; readonly several: boolean },
): Promise<void> {
  const { name, moved, several } = of;
  if (moved.outcome === 'failed') {
    await err.line(errorLines(moved.error, err).join('\n'));
    return;
  }
  const title = out.colours.bold(out.safe(name));
  const where = several ? ` on ${moved.platform}` : '';
  const from = moved.from === undefined ? '' : ` (from v${out.safe(moved.from)})`;
  const gate = moved.gate === undefined ? '' : `, passed by the gate ${out.safe(moved.gate)}`;
  await out.line(
    moved.outcome === 'moved'
      ? `${title}${where}: ${out.safe(moved.label)} is v${out.safe(moved.to)} now${from}${gate}`
      : `${title}${where}: ${out.safe(moved.label)} is v${out.safe(moved.to)} already`,
  );
}
