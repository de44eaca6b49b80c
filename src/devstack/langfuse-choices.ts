import { AssayError, type Problem } from '../core/errors/assay-error.js';
import { writeModeSchema } from './langfuse/mode.js';
import type { LangfuseServerOptions } from './langfuse/options.js';
import { versionSchema } from './langfuse/options.js';

type Choices = Pick<LangfuseServerOptions, 'mode' | 'version'>;

const text = (env: NodeJS.ProcessEnv, name: string): string | undefined => {
  const value = env[name]?.trim();
  return value === '' ? undefined : value;
};

/**
 * What the environment says of the embedded Langfuse-compatible server: `ASSAY_DEV_LANGFUSE_MODE` is its write
 * mode, `ASSAY_DEV_LANGFUSE_VERSION` the release that it reports. So a v3 server can be had in development.
 * @throws AssayError ENVIRONMENT_INVALID with all problems.
 */
export const langfuseChoices = (env: NodeJS.ProcessEnv): Choices => {
  const mode = writeModeSchema.optional().safeParse(text(env, 'ASSAY_DEV_LANGFUSE_MODE'));
  const version = versionSchema.optional().safeParse(text(env, 'ASSAY_DEV_LANGFUSE_VERSION'));
  const problems: Problem[] = [
    ...(mode.success
      ? []
      : [
          {
            at: 'ASSAY_DEV_LANGFUSE_MODE',
            message: 'is no write mode.',
            mend: `Set it to ${writeModeSchema.options.join(', ')}, or unset it.`,
          },
        ]),
    ...(version.success
      ? []
      : [
          {
            at: 'ASSAY_DEV_LANGFUSE_VERSION',
            message: 'is no version.',
            mend: 'Set it to one like 3.140.0, or unset it.',
          },
        ]),
  ];
  if (problems.length > 0)
    throw new AssayError('ENVIRONMENT_INVALID', 'The environment has problems.', { problems });
  return {
    ...(mode.data === undefined ? {} : { mode: mode.data }),
    ...(version.data === undefined ? {} : { version: version.data }),
  };
};
