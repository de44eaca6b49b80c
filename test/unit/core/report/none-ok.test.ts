import { describe, expect, it } from '@jest/globals';

import {
  noneOkText,
  renderHtml,
  renderMarkdown,
  type ReportCell,
} from '../../../../src/core/report/index.js';
import { cell, failure, header, report } from './cells.js';

const failed = (id: string, code: string): ReportCell =>
  cell(id, { status: 'target_error', error: failure(code, 'model <b> does not exist') });
const run = (...cells: readonly ReportCell[]) => report(cells, header(cells.length));

describe('a run that completed without a single cell that is ok', () => {
  const model = run(failed('a', 'MODEL_REFUSED'), failed('b', 'MODEL_REFUSED'), failed('c', 'X'));

  it('says so plainly, with the most frequent reason', () => {
    expect(noneOkText(model)).toBe(
      'No cell is ok: 3 of 3 planned ended in an error, 2 of them with target: MODEL_REFUSED: model <b> does not exist',
    );
  });

  it('is no success in the report', () => {
    const markdown = renderMarkdown(model);
    expect(markdown).toContain('**❌ completed, no cell ok**');
    expect(markdown).toContain('> **No cell is ok');
    expect(markdown).not.toContain('✅');
    const html = renderHtml(model);
    expect(html).toContain('✗ completed, no cell ok');
    expect(html).not.toContain('✓ completed');
  });

  it('is not what a run is where one cell is ok, or that has none at all', () => {
    for (const other of [run(failed('a', 'X'), cell('b')), run()]) {
      expect(noneOkText(other)).toBeUndefined();
      expect(renderMarkdown(other)).toContain('✅ completed');
    }
  });
});
