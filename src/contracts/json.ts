import { z } from 'zod';

import type { Json, JsonObject } from '../core/json/json.js';

/** Any JSON value, typed read-only as ours are. */
export const jsonSchema: z.ZodType<Json> = z.json();
/** A JSON object. */
export const jsonObjectSchema: z.ZodType<JsonObject> = z.record(z.string(), z.json());
