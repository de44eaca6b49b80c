import type { Queries } from '../db/database.js';
import type { ScoreConfigRow } from '../plugins/score-configs.js';
import type { ScoreDataType, ScoreWrite } from './score-input.js';

export interface ScoreValue {
  readonly name: string;
  readonly dataType: ScoreDataType;
  readonly numberValue: number | null;
  readonly stringValue: string | null;
}

type Config = Pick<
  ScoreConfigRow,
  'id' | 'name' | 'data_type' | 'min_value' | 'max_value' | 'categories'
>;

export async function configsOf(
  queries: Queries,
  projectId: string,
  writes: readonly ScoreWrite[],
): Promise<ReadonlyMap<string, Config>> {
  const ids = new Set(writes.flatMap(({ configId }) => (configId === undefined ? [] : [configId])));
  if (ids.size === 0) return new Map();
  const rows = await queries.rows<Config>(
    `select id, name, data_type, min_value, max_value, categories from score_configs
     where project_id = $1 and id = any($2)`,
    [projectId, [...ids]],
    'score-configs-of',
  );
  return new Map(rows.map((row) => [row.id, row]));
}

/**
 * What is stored for a write; undefined for one that the real server accepts and then drops without a
 * sign: an unknown config, a type that is not the config's, a value outside its range or categories.
 */
export function scoreValue(
  write: ScoreWrite,
  configs: ReadonlyMap<string, Config>,
): ScoreValue | undefined {
  if (write.configId === undefined) return plain(write.name, inferred(write), write.value);
  const config = configs.get(write.configId);
  if (config === undefined) return undefined;
  const dataType = write.dataType ?? (config.data_type as ScoreDataType);
  if (dataType !== config.data_type) return undefined;
  if (typeof write.value !== (isNumeric(dataType) ? 'number' : 'string')) return undefined;
  if (dataType === 'NUMERIC' && outside(Number(write.value), config)) return undefined;
  if (dataType === 'BOOLEAN' && write.value !== 0 && write.value !== 1) return undefined;
  const category = config.categories?.find(({ label }) => label === write.value);
  if (dataType === 'CATEGORICAL' && category === undefined) return undefined;
  const value = plain(config.name, dataType, write.value);
  return category === undefined ? value : { ...value, numberValue: category.value };
}

const isNumeric = (type: ScoreDataType) => type === 'NUMERIC' || type === 'BOOLEAN';

function inferred(write: ScoreWrite): ScoreDataType {
  return write.dataType ?? (typeof write.value === 'number' ? 'NUMERIC' : 'CATEGORICAL');
}

function outside(value: number, { min_value: min, max_value: max }: Config): boolean {
  return (min !== null && value < min) || (max !== null && value > max);
}

function plain(name: string, dataType: ScoreDataType, value: number | string): ScoreValue {
  if (typeof value === 'string')
    return {
      name,
      dataType,
      numberValue: dataType === 'CATEGORICAL' ? 0 : null,
      stringValue: value,
    };
  const label = value === 1 ? 'True' : 'False';
  return {
    name,
    dataType,
    numberValue: value,
    stringValue: dataType === 'BOOLEAN' ? label : null,
  };
}
