/** One opening tag of a page. */
export interface Tag {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
}

export interface PageParts {
  readonly tags: readonly Tag[];
  readonly styles: readonly string[];
  readonly scripts: readonly string[];
  /** Elements that were not closed, or closed what was not open. */
  readonly open: readonly string[];
}

const alone = new Set(['meta', 'link', 'br', 'input', 'hr']);

/**
 * Takes a page apart as strictly as no browser does: every attribute quoted, every element closed in its order, no `<` in a
 * text. @throws Error where the page is not so.
 */
export function pageParts(page: string): PageParts {
  const tags: Tag[] = [];
  const open: string[] = [];
  const inside: Record<'style' | 'script', string[]> = { style: [], script: [] };
  const tag =
    /<(\/?)([a-zA-Z][a-zA-Z0-9]*)((?:\s+[a-zA-Z][a-zA-Z0-9-]*(?:="[^"<>]*")?)*)\s*(\/?)>/gy;
  let at = page.indexOf('<html');
  while (at < page.length) {
    const next = page.indexOf('<', at);
    if (next === -1) break;
    tag.lastIndex = next;
    const found = tag.exec(page);
    if (found === null) throw new Error(`no tag of ours: ${page.slice(next, next + 120)}`);
    const [whole, closing, written = '', attributes = '', empty] = found;
    const name = written.toLowerCase();
    at = next + whole.length;
    if (closing === '/') {
      const last = open.pop();
      if (last !== name) throw new Error(`${String(last)} closed by ${name} at ${at}`);
      continue;
    }
    tags.push({ name, attributes: attributesOf(attributes) });
    if (alone.has(name) || empty === '/') continue;
    open.push(name);
    if (name === 'style' || name === 'script') {
      const end = page.indexOf(`</${name}>`, at);
      inside[name].push(page.slice(at, end));
      at = end;
    }
  }
  return { tags, styles: inside.style, scripts: inside.script, open };
}

const entities: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
  '&#96;': '`',
};

function attributesOf(text: string): ReadonlyMap<string, string> {
  return new Map(
    [...text.matchAll(/([a-zA-Z][a-zA-Z0-9-]*)(?:="([^"]*)")?/g)].map(
      ([, name = '', value = '']) => [
        name.toLowerCase(),
        value.replace(/&(?:amp|lt|gt|quot|#39|#96);/g, (entity) => entities[entity] ?? ''),
      ],
    ),
  );
}
