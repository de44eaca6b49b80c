import { beforeAll, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import ts from 'typescript';

import { publicSnippets, type Snippet } from './snippets.js';

const root = join(import.meta.dirname, '..', '..', '..');

/** The project's own compiler settings, with the package's name bound to the sources and not to a build of them. */
function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) =>
    ts.sys.readFile(path),
  ) as { config: { compilerOptions: object } };
  const compiler = { ...config.compilerOptions, paths: { assay: ['./src/index.ts'] } };
  return ts.parseJsonConfigFileContent({ compilerOptions: compiler, files: [] }, ts.sys, root)
    .options;
}

/** What the compiler says of each snippet, as `place: message`. */
function problemsOf(snippets: readonly Snippet[]): readonly string[] {
  const options = compilerOptions();
  const files = new Map(
    snippets.map((snippet, index) => [
      join(root, `snippet-${index}.ts`),
      // A file without imports or exports would share its names with the others.
      { ...snippet, code: `${snippet.code}\nexport {};\n` },
    ]),
  );
  const host = ts.createCompilerHost(options);
  host.fileExists = (name) => files.has(name) || ts.sys.fileExists(name);
  host.readFile = (name) => files.get(name)?.code ?? ts.sys.readFile(name);
  const program = ts.createProgram([...files.keys()], options, host);
  return [...files].flatMap(([name, { at }]) => {
    const source = program.getSourceFile(name);
    const diagnostics = [
      ...program.getSyntacticDiagnostics(source),
      ...program.getSemanticDiagnostics(source),
    ];
    return diagnostics.map(
      ({ messageText }) => `${at}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
    );
  });
}

describe('the code in public documents', () => {
  let snippets: readonly Snippet[] = [];

  beforeAll(async () => {
    snippets = await publicSnippets(root);
  });

  it('is found: README, guides and the examples of doc comments', () => {
    const places = snippets.map(({ at }) => at.split(':')[0]);
    expect(places).toEqual(
      expect.arrayContaining([
        'README.md',
        'docs/guides/experiments.md',
        'docs/guides/getting-started.md',
        'src/client/assay-client.ts',
        'src/contracts/config.ts',
      ]),
    );
  });

  it('compiles against the package, and a wrong snippet would be seen', () => {
    const wrong = {
      at: 'wrong',
      code: "import { AssayClient } from 'assay';\n(await AssayClient.connect()).experiments.launch();",
    };
    expect(problemsOf([...snippets, wrong])).toEqual([
      "wrong: Property 'launch' does not exist on type 'Experiments'.",
    ]);
  });
});
