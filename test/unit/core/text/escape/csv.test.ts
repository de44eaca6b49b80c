import { describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';

import { csvCell, csvLine } from '../../../../../src/core/text/escape/csv.js';
import { visible } from '../../../../../src/core/text/escape/visible.js';
import { anyText, hostile } from './hostile.js';

function read(text: string): readonly (readonly string[])[] {
  return parse(text, { relax_column_count: false, record_delimiter: '\r\n' });
}

const formulaStart = /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\n]/;

describe('a CSV row', () => {
  it('reads back as the same cells, formulas behind an apostrophe', () => {
    fc.assert(
      fc.property(fc.array(anyText, { minLength: 1, maxLength: 4 }), (texts) => {
        const [row] = read(csvLine(['id', ...texts]));
        expect(row).toHaveLength(texts.length + 1);
        for (const [i, text] of texts.entries()) {
          const cell = row?.[i + 1] ?? '';
          expect([visible(text), `'${visible(text)}`]).toContain(cell);
          expect(cell).not.toMatch(formulaStart);
        }
      }),
    );
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '  =1', '＝1', hostile.formula])(
    'keeps a spreadsheet from running %j',
    (text) => {
      expect(csvCell(text)).toMatch(/^"?'/);
    },
  );

  it('keeps numbers as numbers, negative ones too', () => {
    expect(csvLine([-0.5, 3, true, 12n])).toBe('-0.5,3,true,12\r\n');
  });

  it('writes nothing for what is unknown', () => {
    expect(csvLine([undefined, null, ''])).toBe(',,\r\n');
  });

  it('quotes only where it must', () => {
    expect(csvLine(['plain', "it's", 'a,b', 'say "x"', 'two\nlines'])).toBe(
      'plain,it\'s,"a,b","say ""x""","two\nlines"\r\n',
    );
  });
});
