import type { MovedPrompt, MovePromptLabel, OnPlatform } from '../../contracts/prompt-protocol.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { promptContentHash } from '../../core/prompts/content.js';
import { previousHolder } from '../../core/prompts/label-moves.js';
import type { PlatformPrompts, PromptVersion } from '../../platforms/prompt-port.js';
import { findMove, movesOfLabel } from '../../store/prompts/moves.js';
import { newestProof } from '../../store/prompts/gate-proof.js';
import { moveLabel } from './move-label.js';
import { promptsOf } from './platforms.js';
import type { PromptPorts } from './ports.js';

interface On {
  readonly ports: PromptPorts;
  readonly prompts: PlatformPrompts;
  readonly platform: string;
  readonly signal: AbortSignal;
}

/**
 * Moves a label of one prompt on one platform, and records who did it and why. Can be repeated.
 *
 * @throws AssayError PROMPT_NOT_FOUND, PROMPT_GATE_REFUSED, PROMPT_HISTORY_MISSING, PLATFORM_*
 */
export async function movePromptLabel(
  { request, platform, key }: OnPlatform<MovePromptLabel>,
  { ports, signal }: { readonly ports: PromptPorts; readonly signal: AbortSignal },
): Promise<MovedPrompt> {
  const { project, name, label, kind, actor, reason } = request;
  const prompts = promptsOf(ports, platform);
  const on: On = { ports, prompts, platform, signal };
  // What was recorded is what was decided: after the move, the holder before is another.
  const known = await findMove(ports.store, key);
  const to =
    known === undefined
      ? await destination(request, on)
      : await versionOf(name, { version: known.to }, on);
  const contentHash = promptContentHash(to);
  const gate =
    known === undefined && kind === 'promote' && request.gate !== undefined
      ? await passingGate(project, contentHash, { demand: request.gate, on, name, to })
      : known?.gate;
  const moved = await moveLabel(
    {
      key,
      project,
      platform,
      prompt: name,
      label,
      kind,
      to: to.version,
      contentHash,
      gate,
      reason,
      actor,
    },
    { store: ports.store, prompts, signal },
  );
  return {
    platform,
    outcome: moved.moved ? 'moved' : 'unchanged',
    contentHash,
    ...(gate === undefined ? {} : { gate }),
    ...moved,
  };
}

async function destination(request: MovePromptLabel, on: On): Promise<PromptVersion> {
  const { project, name, label } = request;
  if (request.kind === 'promote') return versionOf(name, request.to, on);
  const { ports, prompts, platform, signal } = on;
  const holder = await prompts.get(name, { label }, signal);
  const moves = await movesOfLabel(ports.store, { project, platform, prompt: name, label });
  const previous = previousHolder(moves, holder?.version);
  if ('version' in previous) return versionOf(name, { version: previous.version }, on);
  const why = {
    'no-moves': `No move of the label "${label}" of the prompt "${name}" is recorded here.`,
    'first-holder': `No version had the label "${label}" of the prompt "${name}" before.`,
    'moved-elsewhere': `The label "${label}" of the prompt "${name}" stands on ${holder === undefined ? 'no version' : `version ${holder.version}`} of ${platform}, and nobody of us put it there.`,
  }[previous.unknown];
  throw new AssayError('PROMPT_HISTORY_MISSING', why, {
    mend: 'Choose the version yourself: `assay prompts promote NAME --version N --label LABEL`.',
  });
}

async function versionOf(
  name: string,
  which: { readonly version: string } | { readonly label: string },
  { prompts, platform, signal }: On,
): Promise<PromptVersion> {
  const found = await prompts.get(name, which, signal);
  if (found !== undefined) return found;
  const what =
    'version' in which ? `version ${which.version}` : `version with the label "${which.label}"`;
  throw new AssayError(
    'PROMPT_NOT_FOUND',
    `There is no ${what} of the prompt "${name}" on ${platform}.`,
    {
      mend: 'See `assay prompts list`, or push it first.',
    },
  );
}

/** A gate that is run again as it was says the same again. */
const gateMends = {
  inconclusive:
    'It had too little evidence. Run it with more items or --repetitions, or with a wider --margin where a larger loss is acceptable.',
  regress: 'Mend the prompt, push it, and run the gate on the new version.',
} as const;

const dayMs = 86_400_000;

/** The name of the gate that lets a content pass. */
async function passingGate(
  project: string,
  contentHash: string,
  of: {
    readonly demand: { readonly name?: string | undefined; readonly maxAgeDays: number };
    readonly on: On;
    readonly name: string;
    readonly to: PromptVersion;
  },
): Promise<string> {
  const { demand, on, name, to } = of;
  const { name: wanted, maxAgeDays } = demand;
  const proof = await newestProof(on.ports.store, {
    project,
    contentHash,
    ...(wanted === undefined ? {} : { name: wanted }),
  });
  const refuse = (
    message: string,
    mend = 'Run a gate on a target with exactly this prompt: `assay gate run`.',
  ): AssayError =>
    new AssayError(
      'PROMPT_GATE_REFUSED',
      `Version ${to.version} of the prompt "${name}" is not promoted: ${message}`,
      { mend },
    );
  if (proof === undefined) {
    const which = wanted === undefined ? 'no gate' : `no gate "${wanted}", nor one against it,`;
    throw refuse(`${which} has tested this content.`);
  }
  if (proof.verdict !== 'pass') {
    const said = `the gate "${proof.gate}", the newest that tested it, says ${proof.verdict}.`;
    throw refuse(said, gateMends[proof.verdict]);
  }
  if (proof.baseChanged) {
    throw refuse(
      `the baseline "${proof.baseline ?? ''}" has changed since the gate "${proof.gate}" compared with it.`,
    );
  }
  if (Date.now() - Date.parse(proof.decidedAt) > maxAgeDays * dayMs) {
    throw refuse(`the gate "${proof.gate}" passed more than ${maxAgeDays} days ago.`);
  }
  return proof.gate;
}
