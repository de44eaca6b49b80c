import { build, type BuildFailure, type Plugin } from 'esbuild';
import { mkdir, realpath, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { schemaProblems } from '../contracts/schema-problems.js';
import { configSchema, type Config } from '../contracts/config.js';
import { AssayError, toErrorDocument, type Problem } from '../core/errors/assay-error.js';
import { sha256 } from '../core/ids/hash.js';
import { similarNames } from '../prompts/prompt-names.js';

/** A config that was executed and checked. */
export interface LoadedConfig {
  readonly config: Config;
  /** The folder of the config. */
  readonly root: string;
  /** sha256 of the bundled module graph: what decides the results of functions in it. Packages are not part. */
  readonly codeHash: string;
}

/** What later commands need to know of a config without executing it. */
export const configOutline = ({ project, datasetsFolder, platform, models }: Config) => ({
  project,
  datasetsFolder,
  backend: platform.backend,
  models: Object.keys(models),
});
export type ConfigOutline = ReturnType<typeof configOutline>;

/** The file that is looked for; only in the given folder, never in its parents. */
export const configFileName = 'assay.config.ts';

/**
 * Bundles `assay.config.ts` to the cache, executes it and checks it.
 *
 * @throws AssayError CONFIG_NOT_FOUND, or CONFIG_INVALID with all problems at once.
 */
export async function loadConfig(folder: string): Promise<LoadedConfig> {
  const root = resolve(folder);
  const file = join(root, configFileName);
  if (!(await exists(file))) {
    throw new AssayError('CONFIG_NOT_FOUND', `There is no ${configFileName} in ${root}.`, {
      mend: 'Go to the folder of the project, or name it with -C.',
    });
  }
  const real = await realpath(root);
  const entry = join(real, configFileName);
  const { codeHash } = await configCode(root);
  const { text: runnable } = await bundle({ file: entry, root: real, plugins: [ownPackage()] });
  const module = await execute(runnable, { root, codeHash });
  const config = check(module);
  return { config, root, codeHash };
}

/** The code of a config as it stands in the files: nothing is executed. */
export interface ConfigCode {
  readonly codeHash: string;
  /** Absolute paths of all modules in the bundle. */
  readonly files: readonly string[];
}

/** Bundles a config without executing it. @throws AssayError CONFIG_INVALID where it cannot be built. */
export async function configCode(folder: string): Promise<ConfigCode> {
  // The identity is that of the text with the bare import, so that it is the same on every machine.
  // So is the folder: through a symbolic link the paths in the text would lead out of it and back.
  const real = await realpath(resolve(folder));
  const { text, inputs } = await bundle({
    file: join(real, configFileName),
    root: real,
    plugins: [],
  });
  return { codeHash: sha256(text), files: inputs.map((path) => resolve(real, path)) };
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

interface Bundled {
  readonly text: string;
  /** Relative to the root. */
  readonly inputs: readonly string[];
}

async function bundle(request: {
  file: string;
  root: string;
  plugins: Plugin[];
}): Promise<Bundled> {
  try {
    const result = await build({
      entryPoints: [request.file],
      absWorkingDir: request.root,
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      packages: 'external',
      plugins: request.plugins,
      logLevel: 'silent',
      legalComments: 'none',
      metafile: true,
    });
    return { text: result.outputFiles[0]?.text ?? '', inputs: Object.keys(result.metafile.inputs) };
  } catch (error) {
    throw new AssayError('CONFIG_INVALID', `${configFileName} cannot be built.`, {
      problems: buildProblems(error),
      cause: error,
    });
  }
}

function buildProblems(error: unknown): Problem[] {
  const errors = (error as Partial<BuildFailure>).errors ?? [];
  return errors.map(({ text, location }) => ({
    at:
      location === null
        ? configFileName
        : `${location.file}:${location.line}:${location.column + 1}`,
    message: text,
  }));
}

// `import … from 'assay'` in a config means this very installation, wherever the project lies.
function ownPackage(): Plugin {
  const entry = pathToFileURL(
    join(
      dirname(fileURLToPath(import.meta.url)),
      '..',
      `index${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`,
    ),
  ).href;
  return {
    name: 'own-package',
    setup(setup) {
      setup.onResolve({ filter: /^assay$/ }, () => ({ path: entry, external: true }));
    },
  };
}

async function execute(
  code: string,
  { root, codeHash }: { root: string; codeHash: string },
): Promise<unknown> {
  const cache = join(root, '.assay', 'cache');
  // The own package's address is part of the runnable text, so two installations never share a file.
  const file = join(cache, `config-${codeHash.slice(0, 16)}-${sha256(code).slice(0, 8)}.mjs`);
  await mkdir(cache, { recursive: true, mode: 0o700 });
  const temporary = `${file}.${process.pid}.tmp`;
  await writeFile(temporary, code, { mode: 0o600 });
  await rename(temporary, file);
  try {
    const module = (await import(pathToFileURL(file).href)) as { default?: unknown };
    return module.default;
  } catch (error) {
    const { message } = toErrorDocument(error);
    throw new AssayError(
      'CONFIG_INVALID',
      `${configFileName} throws when it is loaded: ${message}`,
      {
        cause: error,
      },
    );
  }
}

function check(exported: unknown): Config {
  if (exported === undefined) {
    throw new AssayError('CONFIG_INVALID', `${configFileName} has no default export.`, {
      mend: 'Write `export default defineConfig({ … })`.',
    });
  }
  const parsed = configSchema.safeParse(exported);
  if (!parsed.success) {
    throw new AssayError('CONFIG_INVALID', `${configFileName} has problems.`, {
      problems: schemaProblems(parsed.error, configFileName, (path, known) => {
        const given = at(exported, path);
        return typeof given === 'string' ? similarNames(given, known) : [];
      }),
    });
  }
  const problems = danglingNames(parsed.data);
  if (problems.length > 0) {
    throw new AssayError('CONFIG_INVALID', `${configFileName} has problems.`, { problems });
  }
  return parsed.data;
}

function at(value: unknown, [key, ...path]: readonly PropertyKey[]): unknown {
  if (key === undefined) return value;
  return typeof value === 'object' && value !== null
    ? at((value as Readonly<Record<PropertyKey, unknown>>)[key], path)
    : undefined;
}

/** Names that point at nothing: found here, once, and not by the first cell. */
function danglingNames(config: Config): Problem[] {
  const problems: Problem[] = [];
  const check = (at: string, name: string | undefined, among: 'models' | 'evaluators'): void => {
    if (name === undefined || config[among][name] !== undefined) return;
    const known = Object.keys(config[among]).join(', ') || 'none';
    problems.push({
      at,
      message: `names "${name}", which is not in ${among}`,
      mend: `Known: ${known}.`,
    });
  };
  for (const [name, target] of Object.entries(config.targets)) {
    if (target.kind === 'prompt') check(`targets.${name}.model`, target.model, 'models');
    target.evaluators?.forEach((each, index) =>
      check(`targets.${name}.evaluators[${index}]`, each, 'evaluators'),
    );
  }
  for (const [name, evaluator] of Object.entries(config.evaluators)) {
    if (evaluator.kind !== 'llm_judge' && evaluator.kind !== 'llm_pairwise') continue;
    check(`evaluators.${name}.model`, evaluator.model, 'models');
    const { rubric, rubricFile, builtIn } = evaluator;
    if ([rubric, rubricFile, builtIn].filter((each) => each !== undefined).length !== 1) {
      problems.push({
        at: `evaluators.${name}`,
        message: 'needs one of rubric, rubricFile and builtIn',
        mend: 'Give exactly one of them.',
      });
    }
  }
  return problems;
}
