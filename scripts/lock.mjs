// A lock for scripts that run before anything is installed or built. It names a process and its start, so one
// that a `kill -9` left behind is nobody's.
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const startOf = (pid) => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
};

const isAlive = ({ pid, start }) => {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code !== 'EPERM') return false;
  }
  return start === undefined || startOf(pid) === start;
};

const read = (path) => {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
};

const take = (path, draft) => {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  const holder = read(path);
  if (holder !== undefined && isAlive(holder)) return false;
  try {
    renameSync(path, `${draft}.stale`);
    // Another script may have taken it between our look and our rename: then it goes back.
    const moved = read(`${draft}.stale`);
    if (moved !== undefined && isAlive(moved)) linkSync(`${draft}.stale`, path);
  } catch {
    // Somebody else set it aside.
  }
  rmSync(`${draft}.stale`, { force: true });
  return false;
};

/** Runs the work while holding the lock; waits for another process that holds it. */
export const withLock = async (path, work) => {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, JSON.stringify({ pid: process.pid, start: startOf(process.pid) }));
  try {
    while (!take(path, draft)) await sleep(100);
  } finally {
    rmSync(draft, { force: true });
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
};
