const begin = '<!-- assay:gate -->';
const end = '<!-- /assay:gate -->';

/**
 * A report with a verdict in it, before its first section; a verdict that was there is replaced. The marks cannot come from
 * anybody else: what users and models say is escaped wherever it stands in a report.
 */
export function withGateSection(markdown: string, section: string): string {
  const plain = withoutSection(markdown);
  const at = plain.search(/^## /m);
  const block = `${begin}\n${section.trimEnd()}\n${end}\n\n`;
  return at === -1
    ? `${plain.trimEnd()}\n\n${block}`
    : plain.slice(0, at) + block + plain.slice(at);
}

function withoutSection(markdown: string): string {
  const from = markdown.indexOf(`${begin}\n`);
  const to = markdown.indexOf(`${end}\n`, from);
  if (from === -1 || to === -1) return markdown;
  return markdown.slice(0, from) + markdown.slice(to + end.length + 1).replace(/^\n/, '');
}
