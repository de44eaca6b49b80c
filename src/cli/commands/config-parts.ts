import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Config } from '../../contracts/config.js';
import { AssayError, type Problem } from '../../core/errors/assay-error.js';
import { buildEvaluators } from '../../evaluators/build-evaluators.js';
import { buildTarget } from '../../targets/build-targets.js';

/**
 * Makes every target and evaluator of a config, as a run would: prompts, rubrics, patterns and the names of models are read
 * now, not by the first run.
 *
 * @throws AssayError CONFIG_INVALID with the problems of all of them.
 */
export async function checkParts(project: {
  readonly config: Config;
  readonly root: string;
  readonly codeHash: string;
}): Promise<void> {
  const { config, root, codeHash } = project;
  const looks = [
    ...Object.keys(config.targets).map((name) => ({
      at: `targets.${name}`,
      make: (): Promise<unknown> => buildTarget({ name, config, root, codeHash }),
    })),
    // One by one: two evaluators that give scores of one name may be of two targets.
    ...Object.keys(config.evaluators).map((name) => ({
      at: `evaluators.${name}`,
      make: (): Promise<unknown> =>
        buildEvaluators({
          configs: config.evaluators,
          names: [name],
          models: config.models,
          codeHash,
          readText: (path) => readFile(join(root, path), 'utf8'),
        }),
    })),
  ];
  const problems: Problem[] = [];
  for (const { at, make } of looks) {
    await make().catch((error: unknown) => {
      if (!AssayError.is(error)) throw error;
      problems.push(...problemsOf(at, error));
    });
  }
  if (problems.length > 0) {
    throw new AssayError('CONFIG_INVALID', 'Parts of the configuration cannot be made.', {
      problems,
    });
  }
}

function problemsOf(at: string, { message, mend, problems }: AssayError): readonly Problem[] {
  if (problems.length > 0) return problems;
  return [{ at, message, ...(mend === undefined ? {} : { mend }) }];
}
