import { z } from 'zod';

import { backends, platforms } from '../core/platforms/backend.js';

/** A kind of evaluation platform, as it is named in records, reports and options. */
export const platformNameSchema = z.enum(platforms);
export type PlatformName = z.output<typeof platformNameSchema>;

/** Where a run is published. */
export const backendSchema = z.enum(backends);
export type Backend = z.output<typeof backendSchema>;
