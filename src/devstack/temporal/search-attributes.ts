import { Connection } from '@temporalio/client';

/** temporal.api.enums.v1.IndexedValueType; `@temporalio/proto` has no named exports for ESM. */
const TYPES: ReadonlyMap<string, number> = new Map([
  ['TEXT', 1],
  ['KEYWORD', 2],
  ['INT', 3],
  ['DOUBLE', 4],
  ['BOOL', 5],
  ['DATETIME', 6],
  ['KEYWORD_LIST', 7],
]);

/** KEYWORD_LIST as the SDK writes it, or KeywordList as the CLI does. */
const typeOf = (name: string): number => {
  const type = TYPES.get(name.replace(/([a-z])([A-Z])/g, '$1_$2').toUpperCase());
  if (type === undefined) throw new TypeError(`${name} is no type of a search attribute.`);
  return type;
};

/** Where they are to be known. */
export interface SearchAttributesTarget {
  readonly address: string;
  readonly namespace: string;
}

/**
 * Registers the search attributes that the namespace does not know yet. start-dev's own `--search-attribute`
 * is heard only when it creates the namespace: on the database of an earlier version a new one stays unknown, and
 * every workflow that sets it fails its task for ever.
 *
 * @param attributes name to type (`KEYWORD` or `Keyword`, `INT`, …).
 */
export const ensureSearchAttributes = async (
  target: SearchAttributesTarget,
  attributes: Readonly<Record<string, string>>,
): Promise<void> => {
  const wanted = Object.entries(attributes);
  if (wanted.length === 0) return;
  const { address, namespace } = target;
  const connection = await Connection.connect({ address, connectTimeout: 5_000 });
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({
      namespace,
    });
    const missing = wanted.filter(([name]) => customAttributes[name] === undefined);
    if (missing.length === 0) return;
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map(([name, type]) => [name, typeOf(type)])),
    });
  } finally {
    await connection.close();
  }
};
