import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { z } from 'zod';

import { AssayError } from '../core/errors/assay-error.js';
import { lockHolder } from './lock-file.js';
import type { StackServices } from './stack-options.js';

const identity = z.object({ pid: z.int().positive(), startedAt: z.string() });
const port = z.int().min(1).max(65_535).optional();

const servicesSchema = z.object({
  postgres: z.object({ url: z.string() }).exactOptional(),
  temporal: z
    .object({ address: z.string(), namespace: z.string(), uiUrl: z.string().exactOptional() })
    .exactOptional(),
  langfuse: z
    .object({
      url: z.string(),
      publicKey: z.string(),
      secretKey: z.string(),
      projectId: z.string().exactOptional(),
    })
    .exactOptional(),
  model: z.object({ url: z.string(), apiKey: z.string() }).exactOptional(),
}) satisfies z.ZodType<StackServices>;

const stateSchema = z.object({
  version: z.literal(1),
  /** Made once, so that what was recorded with them stays readable over restarts. */
  keys: z.object({
    langfusePublicKey: z.string(),
    langfuseSecretKey: z.string(),
    langfuseProjectId: z.string(),
    modelApiKey: z.string(),
  }),
  /** Those of the last start, wished for again by the next one. */
  ports: z
    .object({ postgres: port, temporal: port, temporalUi: port, langfuse: port, model: port })
    .partial(),
  /** Every process of ours by service; those that a killed parent left are found here. */
  processes: z.record(z.string(), identity),
  running: z
    .object({
      startedAt: z.string(),
      services: servicesSchema,
      environment: z.record(z.string(), z.string()),
    })
    .optional(),
});

/** `.assay/stack.json`. */
export type StackState = z.infer<typeof stateSchema>;

export const stateFile = (projectDir: string): string => join(projectDir, '.assay', 'stack.json');
export const lockPath = (projectDir: string): string => join(projectDir, '.assay', 'stack.lock');

const freshState = (): StackState => ({
  version: 1,
  keys: {
    langfusePublicKey: `pk-lf-${randomUUID()}`,
    langfuseSecretKey: `sk-lf-${randomUUID()}`,
    langfuseProjectId: `project-${randomBytes(6).toString('hex')}`,
    modelApiKey: `sk-demo-${randomBytes(24).toString('base64url')}`,
  },
  ports: {},
  processes: {},
});

const parse = (file: string): StackState => {
  try {
    return stateSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    // The cause stays inside: a parser's message may quote the file, which holds keys.
    throw new AssayError('JSON_INVALID', `${file} cannot be read.`, {
      mend: 'Start with --reset (the embedded data is lost), or put the file back.',
      cause,
    });
  }
};

/** The folder's state; fresh keys when there is none. @throws AssayError JSON_INVALID. */
export const loadState = (projectDir: string): StackState => {
  const file = stateFile(projectDir);
  return existsSync(file) ? parse(file) : freshState();
};

/** Writes by rename (0600): a kill midway leaves the old state, and with it the keys. */
export const saveState = (projectDir: string, state: StackState): void => {
  const file = stateFile(projectDir);
  mkdirSync(join(projectDir, '.assay'), { recursive: true, mode: 0o711 });
  const draft = `${file}.${randomBytes(4).toString('hex')}`;
  writeFileSync(draft, `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(draft, file);
};

/** A stack that runs in some process, as other processes see it. */
export interface RunningStack {
  /** The process that supervises it. */
  readonly pid: number;
  readonly startedAt: string;
  readonly services: StackServices;
  /** The variables that reach its services. Holds secrets. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * The stack that runs in a folder, undefined when none does (or it is still starting).
 * @throws AssayError JSON_INVALID when the state file is damaged.
 */
export const readStack = (projectDir: string): RunningStack | undefined => {
  const holder = lockHolder(lockPath(projectDir));
  if (holder === undefined || !existsSync(stateFile(projectDir))) return undefined;
  const { running } = parse(stateFile(projectDir));
  return running === undefined ? undefined : { pid: holder.pid, ...running };
};
