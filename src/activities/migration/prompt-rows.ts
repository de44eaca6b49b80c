import { promptContentHash } from '../../core/prompts/content.js';
import { labelProblem, ownersLabels } from '../../core/prompts/labels.js';
import { promptNameSchema } from '../../contracts/prompt.js';
import type { PromptVersion } from '../../platforms/prompt-port.js';
import type { NewRow } from '../../store/moves/items.js';

/** The key of a version, and of a label. */
export const versionKey = (name: string, version: string): string =>
  JSON.stringify([name, version]);
export const labelKey = (name: string, label: string): string =>
  JSON.stringify([name, 'label', label]);

/** What is to be moved of a prompt, the oldest version first: versions and labels, and what cannot be. */
export function promptRows(
  name: string,
  of: {
    readonly versions: readonly PromptVersion[];
    readonly unreadable: ReadonlyMap<string, string>;
  },
): readonly NewRow[] {
  const named = promptNameSchema.safeParse(name);
  const unnamed = named.success ? undefined : named.error.issues[0]?.message;
  const left = (reason: string | undefined): Pick<NewRow, 'state' | 'reason'> =>
    reason === undefined ? { state: 'found' } : { state: 'left', reason };
  return [
    ...of.versions.map((version): NewRow => ({
      kind: 'prompt_version',
      sourceId: versionKey(name, version.version),
      container: name,
      name: `${name} ${version.version.slice(0, 12)}`,
      sourceHash: promptContentHash(version),
      ...left(unnamed),
    })),
    ...[...of.unreadable].map(([version, reason]): NewRow => ({
      kind: 'prompt_version',
      sourceId: versionKey(name, version),
      container: name,
      name: `${name} ${version.slice(0, 12)}`,
      state: 'left',
      reason,
    })),
    ...of.versions.flatMap(({ labels, version }) =>
      ownersLabels(labels).map((label): NewRow => ({
        kind: 'prompt_label',
        sourceId: labelKey(name, label),
        container: name,
        name: `${name} ${label}`,
        sourceHash: version,
        ...left(unnamed ?? labelProblem(label)),
      })),
    ),
  ];
}
