/** The longest label that Langfuse takes. */
const longest = 36;

/** Put by the platform on the newest version. */
export const latestLabel = 'latest';

/** Labels of ours name contents; see {@link contentLabel}. */
export const isOwnLabel = (label: string): boolean => label.startsWith('assay-');

/**
 * What is wrong with a label that a person gives, in one sentence; nothing where it can be used. The rules are Langfuse's, which
 * are the narrower ones: what goes there goes everywhere.
 */
export function labelProblem(label: string): string | undefined {
  if (label === '') return 'the label is empty';
  if (label.length > longest) return `the label is longer than ${longest} characters`;
  if (!/^[a-z0-9_.-]+$/.test(label)) {
    return 'a label is lower-case letters, digits, "_", "-" and "."';
  }
  if (label === latestLabel) return '"latest" is reserved: it is always on the newest version';
  if (isOwnLabel(label)) return 'labels that begin with "assay-" are reserved: they name contents';
  return undefined;
}

/** The labels that people gave. */
export function ownersLabels(labels: readonly string[]): readonly string[] {
  return labels.filter((label) => label !== latestLabel && !isOwnLabel(label)).sort();
}
