// Legal in JSON and obeyed by terminals: DEL, C1 controls, what reorders or hides text. As `\u` escapes they read the same.
const unsafe =
  /[\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufff9-\ufffb]|\udb40[\udc00-\udc7f]/g;

const escaped = (text: string): string =>
  [...Array(text.length).keys()]
    .map((index) => `\\u${text.charCodeAt(index).toString(16).padStart(4, '0')}`)
    .join('');

/** JSON text as it is, but without a character that a terminal would obey; a parser reads the same value. */
export function harmlessJson(json: string): string {
  return json.replace(unsafe, escaped);
}

/** A value as one line of JSON. Amounts in bigint become decimal text. */
export function jsonText(value: unknown): string {
  return harmlessJson(
    JSON.stringify(value, (_key, each: unknown) =>
      typeof each === 'bigint' ? each.toString() : each,
    ),
  );
}
