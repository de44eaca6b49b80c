import type { OnPlatform, PushedPrompt, PushPrompt } from '../../contracts/prompt-protocol.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { maxPromptBytes, promptBytes, promptContentHash } from '../../core/prompts/content.js';
import { heldBack } from '../../core/prompts/label-moves.js';
import { movesOfLabel } from '../../store/prompts/moves.js';
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
  const { project, name, content, contentHash, labels, tags, actor, reason } = request;
  checkContent(request);
  const prompts = promptsOf(ports, platform);
  const { version, created } = await prompts.ensure(
    {
      name,
      ...content,
      contentHash,
      ...(tags === undefined ? {} : { tags }),
      ...(reason === undefined ? {} : { message: reason }),
    },
    signal,
  );
  const moved = [];
  const notes: string[] = [];
  for (const label of new Set(labels)) {
    const move = { project, platform, prompt: name, label, to: version, contentHash };
    const holder = await prompts.get(name, { label }, signal);
    const moves = await movesOfLabel(ports.store, move);
    const why = heldBack({ label, to: version, holder: holder?.version, moves });
    if (why !== undefined) {
      notes.push(why);
      continue;
    }
    moved.push(
      await moveLabel(
        { ...move, key: `${key}/${label}`, kind: 'push', actor, reason, gate: undefined },
        { store: ports.store, prompts, signal },
      ),
    );
  }
  if (!created && tags !== undefined) {
    const found = await prompts.get(name, { version }, signal);
    // Langfuse takes tags with a new version only.
    if (found !== undefined && [...found.tags].sort().join('\n') !== [...tags].sort().join('\n')) {
      notes.push('its tags differ there, and change with the next version only');
    }
  }
  return { platform, outcome: created ? 'created' : 'unchanged', version, labels: moved, notes };
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
