import type { DatasetItem } from '../../contracts/records.js';
import { isObject, jsonEqual, type Json } from '../../core/json/json.js';
import { cellValue, type CellType, type CsvColumn } from '../csv-columns.js';
import { isPlainCell, unfitKey } from '../csv-shape.js';
import { valueAt } from '../csv-value.js';
import { NotRewritable } from './item-text.js';

/** A column as it is to stand. */
export interface PlannedColumn {
  readonly column: Pick<CsvColumn, 'member' | 'path'>;
  readonly header: string;
  readonly type: CellType;
  /** Its place in the file; absent where it is new. */
  readonly from?: number;
  /** Whether each of its cells is written anew. */
  readonly retyped: boolean;
}

/** Finds out whether the columns of a file can say what its items are to be, and which others are needed. */
export interface CsvPlan {
  /** @param was as the file has it; absent where the item is new. @throws NotRewritable */
  add(item: DatasetItem, was?: DatasetItem): void;
  finish(): readonly PlannedColumn[];
}

interface Watched {
  readonly column: Pick<CsvColumn, 'member' | 'path'>;
  readonly source: CsvColumn | undefined;
  /** Whether it can say all that is to stand in it as it is, and as a column without a type. */
  own: boolean;
  auto: boolean;
}

const mostColumns = 1_000;

/** @throws NotRewritable */
export function createCsvPlan(columns: readonly CsvColumn[]): CsvPlan {
  if (columns.some(({ member }) => member === 'output' || member === 'label')) {
    throw new NotRewritable('a labelled set');
  }
  const watched: Watched[] = columns.map((source) => ({
    column: source,
    source,
    own: true,
    auto: !isAlone(source),
  }));
  return {
    add(item, was) {
      for (const column of uncovered(item, watched)) {
        if (watched.length >= mostColumns) throw new NotRewritable('too many columns');
        watched.push({ column, source: undefined, own: false, auto: fitsBare(column) });
      }
      for (const each of watched) {
        const value = valueAt(item, each.column);
        const old = was === undefined ? undefined : valueAt(was, each.column);
        const same = was !== undefined && isSame(value, old);
        if (!same && each.source !== undefined) {
          each.own &&= cellText(value, each.source) !== undefined;
        }
        each.auto &&= cellText(value, { ...each.column, type: 'auto' }) !== undefined;
      }
    },
    finish: () =>
      watched.map(({ column, source, own, auto }, index): PlannedColumn => {
        if (source !== undefined && own) {
          const { header, type } = source;
          return { column, header, type, from: index, retyped: false };
        }
        const type = auto ? 'auto' : 'json';
        const header = `${nameOf(column, source)}${auto ? '' : ':json'}`;
        const from = source === undefined ? {} : { from: index };
        return { column, header, type, ...from, retyped: source !== undefined };
      }),
  };
}

const isAlone = ({ member }: Pick<CsvColumn, 'member'>): boolean =>
  member === 'id' || member === 'description';

function nameOf({ member, path }: Watched['column'], source: CsvColumn | undefined): string {
  if (source !== undefined) return source.header.replace(/:(?:text|number|boolean|json)$/, '');
  if (member === 'metadata' && path.length === 1 && path[0] === 'split') return 'split';
  return [member === 'inputs' ? 'input' : member, ...path].join('.');
}

/** Whether its name cannot be taken for one with a type. */
const fitsBare = ({ path }: Watched['column']): boolean =>
  path.every((key) => !key.includes(':') && key.trim() === key);

/** What a cell must say for a value to be read of it; undefined where no cell of the column can. */
export function cellText(
  value: Json | undefined,
  column: Pick<CsvColumn, 'member' | 'path' | 'type'>,
): string | undefined {
  const { member, type } = column;
  if (value === undefined) return type === 'text' && member !== 'description' ? undefined : '';
  if (typeof value === 'string' && type !== 'json' && !isPlainCell(value)) return undefined;
  const text = typeof value === 'string' && type !== 'json' ? value : JSON.stringify(value);
  const read = cellValue(text, type);
  return 'value' in read && isSame(read.value, value) ? text : undefined;
}

export const isSame = (a: Json | undefined, b: Json | undefined): boolean =>
  a === undefined || b === undefined ? a === b : jsonEqual(a, b);

/** The places in which an item says something that no column says. @throws NotRewritable */
function uncovered(item: DatasetItem, watched: readonly Watched[]): readonly Watched['column'][] {
  const found: Watched['column'][] = [];
  const walk = (value: Json | undefined, at: Watched['column']): void => {
    const { member, path } = at;
    if (value === undefined) return;
    const below = watched.filter(
      ({ column }) =>
        column.member === member &&
        column.path.length >= path.length &&
        path.every((key, index) => column.path[index] === key),
    );
    if (below.some(({ column }) => column.path.length === path.length)) return;
    const isWhole = path.length === 0 && (member === 'inputs' || member === 'metadata');
    if (below.length === 0 && !isWhole) {
      if (path.some((key) => key === '' || unfitKey.test(key))) {
        throw new NotRewritable('a name that cannot be the header of a column');
      }
      found.push(at);
      return;
    }
    if (!isObject(value))
      throw new NotRewritable('no object where there are columns of its fields');
    const entries = Object.entries(value);
    // Of no cells at all, nothing would be read.
    if (entries.length === 0 && !isWhole) throw new NotRewritable('an empty object');
    for (const [key, inner] of entries) walk(inner, { member, path: [...path, key] });
  };
  for (const member of ['description', 'inputs', 'expected', 'metadata'] as const) {
    const at = { member, path: [] };
    walk(valueAt(item, at), at);
  }
  return found;
}
