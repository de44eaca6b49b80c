// Legal in JSON and obeyed by somebody: by terminals DEL, C1 controls and what reorders or hides text; by a page that the JSON
// is pasted into, the beginning of a closing tag or a comment. As `\u` escapes they read the same.
const unsafe =
  /[\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufff9-\ufffb]|\udb40[\udc00-\udc7f]|<(?=[/!])/g;

const escaped = (text: string): string =>
  [...Array(text.length).keys()]
    .map((index) => `\\u${text.charCodeAt(index).toString(16).padStart(4, '0')}`)
    .join('');

/**
 * JSON text with nothing in it that a terminal would obey, that hides or reorders what is read, or that ends a script of a page;
 * a parser reads the same value.
 */
export function harmlessJson(json: string): string {
  return json.replace(unsafe, escaped);
}
