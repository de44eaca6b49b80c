import { randomUUID } from 'node:crypto';

import type { DevServerContext, Plugin } from '../context.js';
import type { Call } from '../http/exchange.js';
import { ok } from '../http/exchange.js';
import { parse } from '../http/validate.js';
import { scoreBodySchema, scoreWrite } from '../scores/score-input.js';
import { storeScores } from '../scores/score-store.js';
import { scoresV1 } from './scores-v2.js';

// Deletions were seen to show 0.2 s after the answer, whatever the delay of writes.
const deletionDelayMs = 150;

export const scores: Plugin = (context) => [
  {
    path: '/api/public/scores',
    access: 'secret-or-public',
    methods: { POST: (call) => create(context, call), GET: scoresV1(context).list },
  },
  {
    path: '/api/public/scores/{scoreId}',
    methods: { GET: scoresV1(context).get, DELETE: (call) => remove(context, call) },
  },
];

async function create(context: DevServerContext, { body }: Call) {
  const input = parse(scoreBodySchema, body);
  const id = input.id ?? randomUUID();
  await storeScores(context, [scoreWrite(input, { id, timestamp: new Date() })]);
  return ok({ id });
}

async function remove({ database, project }: DevServerContext, { params }: Call) {
  await database.rows(
    `update scores set superseded_at = clock_timestamp() + $3 * interval '1 millisecond'
     where project_id = $1 and id = $2 and superseded_at = 'infinity'`,
    [project.id, params['scoreId'] ?? '', deletionDelayMs],
  );
  return { status: 202, json: { message: 'Score deletion queued successfully' } };
}
