/**
 * What stands between the fence that a model puts round JSON, even when asked not to; the text itself where the whole of it is
 * not between one. Takes time in proportion to the text: a pattern that splits white space up in every way does not, and kept
 * a thread busy for 15 s on 3 kB.
 */
export function withoutFence(text: string): string {
  const trimmed = text.trim();
  const opened = trimmed.indexOf('\n');
  if (opened < 0 || !trimmed.endsWith('```')) return text;
  const opening = trimmed.slice(0, opened).trimEnd();
  return opening === '```' || opening === '```json' ? trimmed.slice(opened + 1, -3).trim() : text;
}
