type Environment = Readonly<Record<string, string | undefined>>;

/** Which folder and project a command line says. */
export interface SaidPlace {
  readonly projectDir?: string | undefined;
  readonly project?: string | undefined;
}

/** The scripts of this package that start the CLI. */
const scripts = new Set(['assay', 'demo', 'dev']);

/** How this CLI was called, without the command: so that what it prints can be copied. */
export function ownCall(environment: Environment, said: SaidPlace): string {
  const call = [program(environment)];
  if (said.projectDir !== undefined) call.push('-C', shellWord(said.projectDir));
  if (said.project !== undefined) call.push('--project', shellWord(said.project));
  return call.join(' ');
}

function program({
  npm_lifecycle_event: script = '',
  npm_package_name: name,
  npm_command: command,
}: Environment): string {
  // From a clone there is no `assay` on the PATH, whichever of its scripts started this.
  if (name === 'assay' && scripts.has(script)) return 'npm run assay --';
  // Nor is there one where npm found it in the project's own packages.
  return command === 'exec' ? 'npx assay' : 'assay';
}

/** A text as one word of a shell command that a person copies. */
export function shellWord(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Read by hand, for a command line that may not be understood. */
export function saidPlace(args: readonly string[]): SaidPlace {
  const valueOf = (...flags: readonly string[]): string | undefined => {
    for (const [index, arg] of args.entries()) {
      if (arg === '--') return undefined;
      if (flags.includes(arg)) return args[index + 1];
      const long = flags.find((flag) => flag.startsWith('--') && arg.startsWith(`${flag}=`));
      if (long !== undefined) return arg.slice(long.length + 1);
    }
    return undefined;
  };
  return { projectDir: valueOf('-C', '--project-dir'), project: valueOf('--project') };
}
