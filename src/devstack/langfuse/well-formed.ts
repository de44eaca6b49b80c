/** Whether no string in the value holds half of a surrogate pair. */
export function isWellFormedDeep(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  for (const [key, inner] of Object.entries(value))
    if (!key.isWellFormed() || !isWellFormedDeep(inner)) return false;
  return true;
}
