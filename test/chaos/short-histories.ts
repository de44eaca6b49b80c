import { chmod, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

import { resolveTemporal } from '../../src/devstack/temporal/index.js';

/**
 * Puts a Temporal first on the PATH of this process that suggests continue-as-new after so few events, so that a run of a
 * minute goes on in a new execution several times, as one of hours does.
 *
 * @returns what restores the PATH.
 */
export const useShortHistories = async (folder: string, events: number): Promise<() => void> => {
  const real = await resolveTemporal({ log: (line) => process.stderr.write(`${line}\n`) });
  const program = join(folder, 'temporal');
  const extra = `--dynamic-config-value limit.historyCount.suggestContinueAsNew=${events}`;
  await writeFile(
    program,
    `#!/bin/sh\ncase "$1" in server) exec '${real}' "$@" ${extra};; *) exec '${real}' "$@";; esac\n`,
  );
  await chmod(program, 0o700);
  const before = process.env['PATH'];
  process.env['PATH'] = `${folder}${delimiter}${before ?? ''}`;
  return () => {
    process.env['PATH'] = before;
  };
};
