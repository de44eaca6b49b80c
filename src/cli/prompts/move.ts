import type { AssayClient } from '../../client/assay-client.js';
import type { MovedPrompt, MovePromptLabelInput, PromptReply } from '../../client/prompts.js';
import { platformNameSchema } from '../../contracts/backend.js';
import { toErrorDocument } from '../../core/errors/assay-error.js';
import { catalogueEntry, isErrorCode } from '../../core/errors/catalogue.js';
import { platformNames } from '../../core/platforms/backend.js';
import { latestLabel } from '../../core/prompts/labels.js';
import { readBackend } from '../backend-option.js';
import type { Cli } from '../cli.js';
import type { BackendOptions } from '../commands/prompts-options.js';
import { errorLines } from '../errors/render-error.js';
import { jsonText } from '../io/json-text.js';
import { isThere, namedPrompt, noSuchPrompt, type NameOptions } from './named-prompt.js';

/** A command whose prompt is not looked up yet. */
type Unnamed<Request> = Request extends unknown ? Omit<Request, 'name'> : never;

/** Gives the command, for the prompt that was meant, and says what came of it. */
export async function move(
  cli: Cli,
  options: BackendOptions & NameOptions,
  { given, request }: { readonly given: string; readonly request: Unnamed<MovePromptLabelInput> },
): Promise<number | undefined> {
  const { dir, backend } = options;
  const known = await readBackend(cli, backend);
  const platform = known === undefined ? undefined : platformNames(known)[0];
  const reply = await cli.withClient(async (client) => {
    const on = { cli, client };
    const reading = platform === undefined ? {} : { platform };
    const name = await namedPrompt(on, given, { ...options, reading });
    const moved = await client.prompts.move({ ...request, name });
    return explained(on, moved, { request, dir });
  });
  const failed = reply.platforms.find((each) => each.outcome === 'failed');
  // Errors of all commands are at `error`; here what was done stands beside it.
  if (cli.json) {
    await cli.out.line(
      jsonText({ ...reply, ...(failed === undefined ? {} : { error: failed.error }) }),
    );
  } else await tell(cli, reply);
  if (failed === undefined) return undefined;
  return catalogueEntry(isErrorCode(failed.error.code) ? failed.error.code : 'INTERNAL').exit;
}

/** What may stand for "there is no such prompt": a history that is empty says nothing of why. */
const ofUnknown: readonly string[] = ['PROMPT_NOT_FOUND', 'PROMPT_HISTORY_MISSING'];

/** A reply that says of each platform that has no such prompt just that, and what may have been meant. */
async function explained(
  on: { readonly cli: Cli; readonly client: AssayClient },
  reply: PromptReply<MovedPrompt>,
  { request, dir }: { readonly request: Unnamed<MovePromptLabelInput>; readonly dir: string },
): Promise<PromptReply<MovedPrompt>> {
  const { name } = reply;
  const platforms: MovedPrompt[] = [];
  for (const each of reply.platforms) {
    const platform = platformNameSchema.safeParse(each.platform).data;
    if (
      each.outcome !== 'failed' ||
      platform === undefined ||
      !ofUnknown.includes(each.error.code)
    ) {
      platforms.push(each);
      continue;
    }
    const reading = { platform };
    const known = await isThere(on.client, name, reading);
    const isVersion = known === true && request.kind === 'promote';
    if (known === false || isVersion) {
      const which = isVersion ? request.to : { label: latestLabel };
      const error = await noSuchPrompt(on, { name, which }, { dir, reading });
      platforms.push({ ...each, error: toErrorDocument(error) });
    } else platforms.push(each);
  }
  return { name, platforms };
}

async function tell(cli: Cli, { name, platforms }: PromptReply<MovedPrompt>): Promise<void> {
  const { out, err } = cli;
  for (const each of platforms) {
    if (each.outcome === 'failed') {
      await err.line(errorLines(each.error, err).join('\n'));
      continue;
    }
    const title = out.colours.bold(out.safe(name));
    const where = platforms.length > 1 ? ` on ${each.platform}` : '';
    const from = each.from === undefined ? '' : ` (from v${out.safe(each.from)})`;
    const gate = each.gate === undefined ? '' : `, passed by the gate ${out.safe(each.gate)}`;
    await out.line(
      each.outcome === 'moved'
        ? `${title}${where}: ${out.safe(each.label)} is v${out.safe(each.to)} now${from}${gate}`
        : `${title}${where}: ${out.safe(each.label)} is v${out.safe(each.to)} already`,
    );
  }
}
