/**
 * An address that a person may follow: http or https, as the URL parser writes it, without a character that ends an address
 * in markdown or HTML. Undefined for everything else: `javascript:`, `data:` and `file:` run or read things.
 */
export function httpAddress(address: string): string | undefined {
  if (!/^https?:\/\//i.test(address) || !URL.canParse(address)) return undefined;
  // The parser has encoded most of what would end the address or the cell; this is the rest.
  return new URL(address).href.replace(
    /[<>\\|`\s]/g,
    (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`,
  );
}
