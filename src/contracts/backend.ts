import { z } from 'zod';

/** A kind of evaluation platform, as it is named in records, reports and options. */
export const platformNameSchema = z.enum(['langfuse', 'langsmith']);
export type PlatformName = z.output<typeof platformNameSchema>;

/** Where a run is published. */
export const backendSchema = z.enum(['langfuse', 'langsmith', 'both']);
export type Backend = z.output<typeof backendSchema>;
