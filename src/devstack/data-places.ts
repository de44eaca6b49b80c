import { existsSync } from 'node:fs';
import { join, sep } from 'node:path';

import { postgresFolders } from './postgres/place.js';

/**
 * The folders that hold what the embedded stack of a project keeps: `.assay`, and that of Postgres where its account (not
 * root) does not get into the project. Whoever deletes the project deletes only the first.
 */
export function dataPlaces(projectDir: string): readonly string[] {
  const state = join(projectDir, '.assay');
  const outside = postgresFolders(projectDir).filter(
    // The folder may only hold a copy of the programs.
    (path) => !path.startsWith(state + sep) && existsSync(join(path, 'data')),
  );
  return [state, ...outside];
}
