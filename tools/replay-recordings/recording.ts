import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** One recorded exchange, as its file holds it. */
export interface Recording {
  readonly file: string;
  readonly name: string;
  readonly mode: 'events_only' | 'dual' | 'legacy';
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly auth?: 'none' | 'wrongSecret' | 'wrongPublic' | 'garbage' | 'bearer';
    readonly body?: unknown;
  };
  readonly response: {
    readonly status: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: unknown;
  };
  /** Set where the request was repeated until its data could be read. */
  readonly polls?: number;
}

/** The exchanges of a folder in their order. */
export async function loadRecordings(folder: string): Promise<readonly Recording[]> {
  const files = (await readdir(folder)).filter((name) => /^\d{3}-.*\.json$/.test(name)).sort();
  return Promise.all(
    files.map(async (file) => {
      const parsed = JSON.parse(await readFile(join(folder, file), 'utf8')) as Omit<
        Recording,
        'file'
      >;
      return { ...parsed, file };
    }),
  );
}
