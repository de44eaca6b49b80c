/**
 * The same function with a memory of its last results: a call reads its own texts several times over, and a run asks with the
 * same instructions a thousand times. Results are shared, so they must not be changed.
 */
export const remembering = <Result>(
  compute: (text: string) => Result,
  limit = 64,
): ((text: string) => Result) => {
  const known = new Map<string, Result>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) {
      // Moved to the end: what is asked often stays.
      known.delete(text);
      known.set(text, found);
      return found;
    }
    const result = compute(text);
    known.set(text, result);
    if (known.size > limit) {
      for (const oldest of known.keys()) {
        known.delete(oldest);
        break;
      }
    }
    return result;
  };
};
