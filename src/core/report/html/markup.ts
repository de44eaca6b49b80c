import { escapeHtml } from '../../text/escape/html.js';

/** A piece of HTML that is safe to stand in a page: our own markup, with every text of others escaped. */
export class Markup {
  readonly #text: string;

  /** @param text our own markup, never a text of users, models or platforms. */
  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

/** What may stand between the parts of a template: text is escaped, markup is not, nothing gives nothing. */
export type Content = Markup | string | number | false | null | undefined | readonly Content[];

/**
 * A template of HTML. Values are escaped for an element's content and for a quoted attribute, the only two places where
 * they may stand; there is no way past it but {@link Markup}.
 *
 * @example
 * html`<td title="${item.description}">${item.id}</td>`;
 */
export function html(parts: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return new Markup(
    parts.map((part, i) => (i === 0 ? part : `${textOf(values[i - 1])}${part}`)).join(''),
  );
}

function textOf(content: Content): string {
  if (content instanceof Markup) return content.toString();
  if (typeof content === 'string') return escapeHtml(content);
  if (typeof content === 'number') return String(content);
  if (content === undefined || content === null || content === false) return '';
  return content.map(textOf).join('');
}

/** Pieces with something between them. */
export function joined(pieces: readonly Content[], between: Content): Content {
  return pieces.map((piece, i) => (i === 0 ? piece : [between, piece]));
}
