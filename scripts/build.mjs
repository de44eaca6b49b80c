// Builds dist/: types checked and stripped, assets beside them, workflows bundled. Skipped when nothing changed.
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { ensureInstalled } from './ensure-installed.mjs';
import { withLock } from './lock.mjs';
import { run } from './run.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const source = join(root, 'src');
const target = join(root, 'dist');
const stamp = join(target, '.build');

const filesOf = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

const isSource = (file) => file.endsWith('.ts') || file.endsWith('.tsx');

const hashOf = (files) => {
  const hash = createHash('sha256');
  for (const file of files) {
    hash
      .update(`${file.slice(root.length)}\0`)
      .update(readFileSync(file))
      .update('\0');
  }
  return hash.digest('hex');
};

const inputs = () => [
  ...filesOf(source),
  ...['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'].map((name) =>
    join(root, name),
  ),
  fileURLToPath(import.meta.url),
];

const isBuilt = (hash) => existsSync(stamp) && readFileSync(stamp, 'utf8') === hash;

/** tsc leaves the output of a source that is gone; a renamed command or migration would live on. */
const prune = () => {
  for (const file of filesOf(target)) {
    const stem = /^(.*?)(\.d\.ts|\.js|\.js\.map|\.d\.ts\.map)$/.exec(
      file.slice(target.length),
    )?.[1];
    if (stem === undefined || file.endsWith('.bundle.js')) continue;
    const sources = ['.ts', '.tsx', '.js'].map((ending) => join(source, stem + ending));
    if (!sources.some((path) => existsSync(path))) rmSync(file);
  }
};

const copyAssets = () => {
  for (const file of filesOf(source)) {
    if (isSource(file)) continue;
    const copy = join(target, file.slice(source.length));
    mkdirSync(dirname(copy), { recursive: true });
    cpSync(file, copy);
  }
};

const step = async (args) => {
  const { code, output } = await run(process.execPath, args, { cwd: root, capture: true });
  if (code !== 0) throw new Error(output.trim());
};

const compile = async () => {
  // Without the output its build info would tell tsc that there is nothing to do.
  if (!existsSync(stamp)) rmSync(join(target, '.tsbuildinfo'), { force: true });
  rmSync(stamp, { force: true });
  await step([join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json']);
  prune();
  copyAssets();
  const bundler = join(target, 'workers', 'bundle.js');
  if (existsSync(bundler)) await step([bundler]);
};

/** Builds when sources, assets or compiler settings changed; two scripts at once build once. */
export const build = async () => {
  if (isBuilt(hashOf(inputs()))) return;
  await withLock(join(root, '.assay', 'build.lock'), async () => {
    const hash = hashOf(inputs());
    if (isBuilt(hash)) return;
    process.stderr.write('Building …\n');
    await compile();
    writeFileSync(stamp, hash);
  });
};

/** All that a script needs before it can use dist/. */
export const prepare = async () => {
  await ensureInstalled();
  await build();
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await prepare().catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
