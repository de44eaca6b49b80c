import type { Config } from '../../../contracts/config.js';
import { AssayError } from '../../../core/errors/assay-error.js';
import { counted } from '../../../core/report/figures.js';
import { loadProject } from '../config-load.js';
import type { CheckResult } from './check.js';

/** What came of the config. */
export interface ConfigCheck {
  readonly result: CheckResult;
  readonly config: Config | undefined;
}

/** Executes and checks the config. A folder without one can still start runs elsewhere. */
export async function checkConfig(
  folder: string,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<ConfigCheck> {
  const name = 'Config';
  try {
    const { config } = await loadProject(folder, variables);
    const { project, targets, evaluators, models } = config;
    const parts = [
      counted(Object.keys(targets).length, 'target'),
      counted(Object.keys(evaluators).length, 'evaluator'),
      counted(Object.keys(models).length, 'model'),
    ];
    return {
      config,
      result: {
        name,
        state: 'ok',
        found: `project ${project}: ${parts.join(', ')}`,
        facts: { project },
      },
    };
  } catch (error) {
    if (!AssayError.is(error) || error.code !== 'CONFIG_NOT_FOUND') throw error;
    return {
      config: undefined,
      result: {
        name,
        state: 'warn',
        found: error.message,
        ...(error.mend === undefined ? {} : { mend: error.mend }),
      },
    };
  }
}
