const kinds = { space: 0, letter: 1, digit: 2, single: 3 } as const;
type Kind = (typeof kinds)[keyof typeof kinds];

const kindOf = (unit: number): Kind => {
  if (unit === 32 || (unit >= 9 && unit <= 13) || unit === 0xa0) return kinds.space;
  if (unit >= 48 && unit <= 57) return kinds.digit;
  if ((unit >= 65 && unit <= 90) || (unit >= 97 && unit <= 122)) return kinds.letter;
  return unit >= 0xc0 && unit < 0x2e80 && !(unit >= 0x2000 && unit < 0x2c00)
    ? kinds.letter
    : kinds.single;
};

const runEnd = (text: string, from: number, run: { kind: Kind; limit: number }): number => {
  let end = from;
  while (end < text.length && end - from < run.limit && kindOf(text.charCodeAt(end)) === run.kind)
    end += 1;
  return end;
};

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit < 0xdc00;

/**
 * The demo model's tokenizer: up to five letters, up to three digits, one sign, or one run of white space is
 * a token, a single space before letters or digits belongs to them, and a CJK character stands alone. Plain,
 * deterministic, and near enough to real ones for usage figures; the pieces joined give the text again.
 * @returns where the token that begins at `start` ends; `start` is inside the text
 */
const tokenEnd = (text: string, start: number): number => {
  const first = text.charCodeAt(start);
  const kind = kindOf(first);
  if (kind === kinds.space) {
    const end = runEnd(text, start, { kind, limit: Infinity });
    const next = end < text.length ? kindOf(text.charCodeAt(end)) : kinds.space;
    if (end - start === 1 && first === 32 && (next === kinds.letter || next === kinds.digit))
      return runEnd(text, end, { kind: next, limit: next === kinds.letter ? 5 : 3 });
    return end;
  }
  if (kind === kinds.letter) return runEnd(text, start, { kind, limit: 5 });
  if (kind === kinds.digit) return runEnd(text, start, { kind, limit: 3 });
  return Math.min(text.length, start + (isHighSurrogate(first) ? 2 : 1));
};

/** The number of tokens in a text. */
export const countTokens = (text: string): number => {
  let count = 0;
  for (let at = 0; at < text.length; at = tokenEnd(text, at)) count += 1;
  return count;
};

/** The text cut into its tokens. */
export const tokenPieces = (text: string): readonly string[] => {
  const pieces: string[] = [];
  for (let at = 0; at < text.length;) {
    const end = tokenEnd(text, at);
    pieces.push(text.slice(at, end));
    at = end;
  }
  return pieces;
};

/** The first `limit` tokens of a text, and whether that is less than all. */
export const cutToTokens = (text: string, limit: number): { text: string; cut: boolean } => {
  if (limit >= text.length) return { text, cut: false };
  let at = 0;
  for (let count = 0; count < limit && at < text.length; count += 1) at = tokenEnd(text, at);
  return { text: text.slice(0, at), cut: at < text.length };
};
