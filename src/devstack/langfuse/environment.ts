/**
 * The environment as the server keeps it: lower case, only `[a-z0-9_-]`, at most 40 characters, without
 * the reserved prefix `langfuse`; `default` when nothing is left. A bad one is mended, never refused.
 */
export function cleanEnvironment(given: string | null | undefined): string {
  if (given === null || given === undefined) return 'default';
  const cleaned = given
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, '-')
    .replace(/^(?:langfuse[-_]*)+/, '')
    .slice(0, 40);
  return cleaned === '' ? 'default' : cleaned;
}
