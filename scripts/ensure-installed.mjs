// Brings node_modules in line with package-lock.json, and does nothing when it is.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { clearInterval, setInterval } from 'node:timers';
import { fileURLToPath } from 'node:url';

import { withLock } from './lock.mjs';
import { run } from './run.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const modules = join(root, 'node_modules');
const stamp = join(modules, '.assay-install');

const wanted = () =>
  createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(`${process.platform} ${process.arch} ${process.versions.modules}`)
    .digest('hex');

const isStamped = (hash) => existsSync(stamp) && readFileSync(stamp, 'utf8') === hash;

const readPackages = (file) => JSON.parse(readFileSync(file, 'utf8')).packages;

/** An install by hand (npm i, npm ci) leaves no stamp of ours, but npm's own record of what it put there. */
const isInstalledByHand = () => {
  const record = join(modules, '.package-lock.json');
  if (!existsSync(record)) return false;
  const installed = readPackages(record);
  return Object.entries(readPackages(join(root, 'package-lock.json'))).every(([path, entry]) => {
    if (path === '' || entry.link === true) return true;
    const found = installed[path];
    if (found === undefined) return entry.optional === true;
    return found.version === entry.version && found.integrity === entry.integrity;
  });
};

const npm = (args) => {
  const cli = process.env['npm_execpath'];
  const options = { cwd: root, capture: true };
  return cli?.endsWith('.js') === true
    ? run(process.execPath, [cli, ...args], options)
    : run('npm', args, options);
};

/** A dot every few seconds: an install takes a minute on a slow line, and silence looks like a hang. */
const withProgress = async (title, work) => {
  const startedAt = Date.now();
  process.stderr.write(title);
  const timer = setInterval(() => process.stderr.write('.'), 3_000);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    process.stderr.write(` ${Math.round((Date.now() - startedAt) / 1000)} s\n`);
  }
};

const install = async () => {
  const args = [
    'ci',
    '--loglevel=error',
    '--no-audit',
    '--no-fund',
    '--include=dev',
    '--include=optional',
  ];
  const result = await withProgress('Installing dependencies (npm ci) ', () => npm(args));
  if (result.signal !== null) throw new Error(`npm ci was ended by ${result.signal}.`);
  // After the reasons npm prints its whole manual.
  const words = result.output.trim().split('\n').slice(0, 20).join('\n');
  if (result.code !== 0) throw new Error(`npm ci failed:\n${words}${mendOf(words)}`);
};

/** What to do about a registry that does not answer: npm's own words name neither setting nor way out. */
const mendOf = (words) =>
  /E(?:CONNREFUSED|CONNRESET|NOTFOUND|TIMEDOUT|AI_AGAIN|IDLETIMEOUT)|network|E5\d\d/.test(words)
    ? '\n→ The package registry does not answer. Look at `npm config get registry`, at your proxy (HTTPS_PROXY) and at\n' +
      '  the line, then start this again: what was downloaded is kept.'
    : '';

/** Installs what package-lock.json asks for, once; two scripts at once install once. */
export const ensureInstalled = async () => {
  const hash = wanted();
  if (isStamped(hash)) return;
  await withLock(join(root, '.assay', 'install.lock'), async () => {
    if (isStamped(hash)) return;
    if (!isInstalledByHand()) await install();
    writeFileSync(stamp, hash);
  });
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await ensureInstalled().catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
