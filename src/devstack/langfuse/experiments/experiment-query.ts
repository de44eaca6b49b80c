import { z } from 'zod';

import type { DevServerContext } from '../context.js';
import { decodeText } from '../db/text.js';
import { isoDateTime, pageLimit, readCursor } from '../http/validate.js';
import { asText, parseJson } from '../otlp/attributes.js';
import type { AttributeValue } from '../otlp/attributes.js';
import type { ScoreRow } from '../scores/score-view.js';
import { readableScores, scoreView } from '../scores/score-view.js';

/** The parameters that experiments and experiment items share. */
export const sharedQuery = {
  limit: pageLimit(50),
  scoreLimit: z.coerce.number().int().positive().lte(50).default(50),
  cursor: z.string().optional(),
  fromStartTime: isoDateTime,
  toStartTime: isoDateTime.optional(),
  filter: z.string().optional(),
};

const cursorSchema = z.object({
  v: z.literal(1),
  lastTime: z.string().regex(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/),
  lastTraceId: z.string(),
  lastId: z.string(),
  lastExperimentId: z.string(),
});

export const readExperimentCursor = (text: string) => {
  const cursor = readCursor(cursorSchema, text);
  return { ...cursor, lastTime: `${cursor.lastTime}Z` };
};

/** A time as the cursors of these endpoints hold it: `2026-11-20 11:30:00.000000`, UTC. */
export const cursorTime = (time: Date): string =>
  `${time.toISOString().replace('T', ' ').replace('Z', '')}000`;

/** A JSON object as the flat map of text that these endpoints show. */
export function textMap(json: string | undefined): Record<string, string> {
  const parsed = json === undefined ? undefined : parseJson(json);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return {};
  return Object.fromEntries(
    Object.entries(parsed).map(([key, value]) => [key, asText(value as AttributeValue)]),
  );
}

export const plainText = (text: string | null | undefined): string => decodeText(text ?? '');

const withSubject = new Set(['subject']);

/** The readable scores of one column's values, newest first, at most `limit` for each value. */
export async function scoresBy(
  { database, project }: DevServerContext,
  column: 'experiment_id' | 'trace_id',
  { ids, limit }: { ids: readonly string[]; limit: number },
): Promise<readonly ScoreRow[]> {
  if (ids.length === 0) return [];
  return database.rows<ScoreRow>(
    `select s.* from unnest($2::text[]) as wanted(id), lateral (
       select * from scores where project_id = $1 and ${column} = wanted.id and ${readableScores}
       order by (observation_id is null), timestamp desc, id desc limit $3) s`,
    [project.id, ids, limit],
  );
}

export const experimentScoreView = (row: ScoreRow) => scoreView(row, withSubject);
