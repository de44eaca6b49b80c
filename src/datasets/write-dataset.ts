import type { DatasetItem } from '../contracts/records.js';
import { AssayError } from '../core/errors/assay-error.js';
import { csvOf, type CsvShape } from './csv-shape.js';
import { largestExpectations } from './expectations.js';
import { asInFile } from './item-schema.js';
import type { LocalDataset } from './port.js';

/** A file that is being written. */
export interface TextSink {
  write(text: string): Promise<void>;
}

export type DatasetFormat = LocalDataset['format'];

/** The files of each form. */
export const filesOfFormat = {
  json: ['test_cases.json', 'expected.json'],
  jsonl: ['test_cases.jsonl'],
  csv: ['test_cases.csv'],
} as const satisfies Record<DatasetFormat, readonly string[]>;

/** All files that can hold items or what is expected of them: two forms beside each other are refused when they are read. */
export const itemFiles = Object.values(filesOfFormat).flat();

/**
 * Writes items so that they are read back as the same. Memory does not grow with them.
 *
 * @param to a sink of each file of the form.
 * @throws AssayError DATASET_INVALID where the form cannot hold them.
 */
export async function writeDataset(
  items: AsyncIterable<DatasetItem>,
  to:
    | { readonly format: 'json'; readonly cases: TextSink; readonly expected: TextSink | undefined }
    | { readonly format: 'jsonl'; readonly cases: TextSink }
    | { readonly format: 'csv'; readonly cases: TextSink; readonly shape: CsvShape },
): Promise<void> {
  switch (to.format) {
    case 'json':
      return writeJson(items, to);
    case 'jsonl':
      for await (const item of items) {
        await to.cases.write(`${JSON.stringify(asInFile(item))}\n`);
      }
      return;
    case 'csv': {
      const { header, row } = csvOf(to.shape);
      await to.cases.write(header);
      for await (const item of items) await to.cases.write(row(item));
    }
  }
}

async function writeJson(
  items: AsyncIterable<DatasetItem>,
  {
    cases,
    expected: expectations,
  }: { readonly cases: TextSink; readonly expected: TextSink | undefined },
): Promise<void> {
  let first = true;
  let bytes = 0;
  let expects = false;
  for await (const item of items) {
    const { expected, ...rest } = asInFile(item);
    await cases.write(`${first ? '[' : ','}\n${indented(JSON.stringify(rest, undefined, 2))}`);
    first = false;
    if (expected === undefined || expectations === undefined) continue;
    const text = indented(`${JSON.stringify(item.id)}: ${JSON.stringify(expected, undefined, 2)}`);
    bytes += Buffer.byteLength(text) + 2;
    if (bytes > largestExpectations) {
      throw new AssayError(
        'DATASET_INVALID',
        `What is expected takes more than ${largestExpectations / 1024 / 1024} MiB.`,
        { mend: 'Take the items as JSONL: `--format jsonl`.' },
      );
    }
    await expectations.write(`${expects ? ',' : '{'}\n${text}`);
    expects = true;
  }
  await cases.write(first ? '[]\n' : '\n]\n');
  await expectations?.write(expects ? '\n}\n' : '{}\n');
}

const indented = (text: string): string => text.replace(/^/gm, '  ');
