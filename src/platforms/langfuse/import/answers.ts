/** What is read back of scores that came from elsewhere. */
import { z } from 'zod';

import type { ScoreValue } from '../../trace-port.js';

/** A row of `v2/scores`, which holds categories and booleans as texts beside a number. */
export const movedScoreAnswer = z.object({
  id: z.string(),
  name: z.string(),
  value: z.union([z.number(), z.string(), z.boolean()]).nullish(),
  stringValue: z.string().nullish(),
  dataType: z.string(),
});

type Shown = Omit<z.output<typeof movedScoreAnswer>, 'stringValue'> & {
  readonly stringValue?: string | null | undefined;
};

/** The value of a score as it stands there, by its type; undefined of one that is none of ours. */
export function scoreValueOf({
  dataType,
  value,
  stringValue,
}: Shown): ScoreValue['value'] | undefined {
  switch (dataType) {
    case 'NUMERIC':
      return typeof value === 'number' ? { type: dataType, value } : undefined;
    case 'BOOLEAN':
      return { type: dataType, value: value === true || value === 1 || stringValue === 'True' };
    case 'CATEGORICAL': {
      const text = typeof value === 'string' ? value : stringValue;
      return typeof text === 'string' ? { type: dataType, value: text } : undefined;
    }
    default:
      return undefined;
  }
}
