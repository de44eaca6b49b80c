/** Whether two lists hold the same texts, each as often, in whatever order: tags, splits, names of criteria. */
export function sameTexts(one: readonly string[], other: readonly string[]): boolean {
  if (one.length !== other.length) return false;
  const sorted = [...other].sort();
  return [...one].sort().every((text, index) => text === sorted[index]);
}
