import type { OnPlatform, PushedPrompt, PushPrompt } from '../../contracts/prompt-protocol.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { maxPromptBytes, promptBytes, promptContentHash } from '../../core/prompts/content.js';
import { latestLabel } from '../../core/prompts/labels.js';
import { sameTexts } from '../../core/text/same-texts.js';
import type { PlatformPrompts } from '../../platforms/prompt-port.js';
import { planLabel, tagsStay, wantedVersion } from '../../prompts/push-plan.js';
import { moveLabel } from './move-label.js';
import { promptsOf } from './platforms.js';
import type { PromptPorts } from './ports.js';

/**
 * Brings one prompt onto one platform: a version only where its content is new there, then its labels. Each step looks before it
 * writes, so a repetition goes on where the attempt before it ended.
 *
 * @throws AssayError PROMPT_INVALID, PLATFORM_*
 */
export async function pushPrompt(
  { request, platform, key }: OnPlatform<PushPrompt>,
  { ports, signal }: { readonly ports: PromptPorts; readonly signal: AbortSignal },
): Promise<PushedPrompt> {
  const { project, name, contentHash, labels, tags, actor, reason } = request;
  checkContent(request);
  const { store } = ports;
  const prompts = promptsOf(ports, platform);
  await answers(prompts, name, signal);
  const { version, created } = await prompts.ensure(wantedVersion(request), signal);
  const moved = [];
  const notes: string[] = [];
  const planning = { store: () => Promise.resolve(store), platform, prompts, signal };
  for (const label of new Set(labels)) {
    const planned = await planLabel(request, { label, to: version }, planning);
    if ('held' in planned) {
      notes.push(planned.held);
      continue;
    }
    const move = { project, platform, prompt: name, label, to: version, contentHash };
    moved.push(
      await moveLabel(
        { ...move, key: `${key}/${label}`, kind: 'push', actor, reason, gate: undefined },
        { store, prompts, signal },
      ),
    );
  }
  if (!created && tags !== undefined) {
    const found = await prompts.get(name, { version }, signal);
    if (found !== undefined && !sameTexts(found.tags, tags)) notes.push(tagsStay);
  }
  return { platform, outcome: created ? 'created' : 'unchanged', version, labels: moved, notes };
}

/**
 * A write goes on through stumbles for the better part of a minute before it says that nobody answers; a read says so at once, and
 * then the waiting is where people see it.
 */
async function answers(prompts: PlatformPrompts, name: string, signal: AbortSignal): Promise<void> {
  try {
    await prompts.get(name, { label: latestLabel }, signal);
  } catch (error) {
    // What cannot be read there can be followed by another version all the same.
    if (AssayError.is(error) && error.code === 'PLATFORM_UNREACHABLE') throw error;
    signal.throwIfAborted();
  }
}

// The hash decides what is found again there, so a caller of another build must not bring a wrong one.
function checkContent({ name, content, contentHash }: PushPrompt): void {
  const bytes = promptBytes(content);
  if (bytes > maxPromptBytes) {
    throw new AssayError('PROMPT_INVALID', `The prompt "${name}" is too large.`, {
      problems: [
        { at: name, message: `is ${bytes} bytes; a prompt has at most ${maxPromptBytes}` },
      ],
    });
  }
  if (promptContentHash(content) === contentHash) return;
  throw new AssayError('PROMPT_INVALID', `The prompt "${name}" is not what its hash says.`, {
    mend: 'Use a client and workers of the same version.',
  });
}
