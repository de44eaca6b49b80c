import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { postgresFolders } from '../../src/devstack/postgres/index.js';
import {
  endProcess,
  identify,
  isSameProcess,
  type ProcessIdentity,
} from '../../src/devstack/process-facts.js';

const PREFIX = 'assay-test-';
const OWNER = 'owner.json';
const CHILDREN = 'children.json';

const readIdentities = async (file: string): Promise<readonly ProcessIdentity[]> => {
  if (!existsSync(file)) return [];
  return JSON.parse(await readFile(file, 'utf8')) as ProcessIdentity[];
};

/** With what lies outside of it: under a private TMPDIR Postgres' account has its data in /var/tmp. */
const removeFolder = async (folder: string): Promise<void> => {
  for (const path of [...postgresFolders(folder), folder]) {
    await rm(path, { recursive: true, force: true });
  }
};

/** Ends the servers and removes the folder of a run that was killed before its teardown. */
const sweep = async (folder: string): Promise<void> => {
  const [owner] = await readIdentities(join(folder, OWNER));
  if (owner === undefined || isSameProcess(owner)) return;
  for (const child of await readIdentities(join(folder, CHILDREN))) {
    await endProcess(child, [{ signal: 'SIGINT', graceMs: 5_000 }]);
  }
  await removeFolder(folder);
};

const running: ProcessIdentity[] = [];

/** Notes a server's process, so that the next run can end it should this one be killed. */
export const noteProcess = async (folder: string, identity: ProcessIdentity): Promise<void> => {
  running.push(identity);
  await writeFile(join(folder, CHILDREN), JSON.stringify(running));
};

/** The temporary folder of this test run; leftovers of killed runs are cleaned away first. */
export const openRunFolder = async (): Promise<{ path: string; remove(): Promise<void> }> => {
  for (const entry of await readdir(tmpdir())) {
    // A folder that cannot be read belongs to somebody else's run.
    if (entry.startsWith(PREFIX)) await sweep(join(tmpdir(), entry)).catch(() => undefined);
  }
  const path = await mkdtemp(join(tmpdir(), PREFIX));
  // Postgres' own account must get through to its data below.
  await chmod(path, 0o711);
  await writeFile(join(path, OWNER), JSON.stringify([identify(process.pid)]));
  return { path, remove: () => removeFolder(path) };
};
