import { describe, expect, it } from '@jest/globals';

import { platformsOf } from '../../../../src/activities/migration/moving.js';
import { moveLine } from '../../../../src/cli/migration/move-line.js';
import { moveReportText } from '../../../../src/cli/migration/report-text.js';
import { isNews } from '../../../../src/client/platform-migrations.js';
import type { MoveReport } from '../../../../src/contracts/platform-migration.js';
import { AssayError } from '../../../../src/core/errors/assay-error.js';
import { moveReportMarkdown } from '../../../../src/core/migration/report-markdown.js';

const side = {
  generation: 'v4' as const,
  version: '4.16.0',
  projectId: 'p',
  projectName: 'team_a',
};
const report: MoveReport = {
  name: 'langsmith-to-langfuse',
  direction: 'langsmith-to-langfuse',
  dryRun: false,
  status: 'differs',
  source: { ...side, platform: 'langsmith', url: 'http://127.0.0.1:1984' },
  target: { ...side, platform: 'langfuse', url: 'http://127.0.0.1:3000' },
  kinds: [
    {
      kind: 'trace',
      found: 12,
      written: 6,
      stood: 3,
      verified: 9,
      left: [{ reason: 'it has no span', count: 3, names: ['t_1', '\u001b[2Jt-2'] }],
      differing: [],
      notCarried: [],
    },
  ],
  resends: 0,
  startedAt: '2026-11-22T00:00:00.000Z',
  updatedAt: '2026-11-22T00:00:10.000Z',
};
const safe = (text: string): string => text.replaceAll('\u001b', '');

describe('the report of a move on a terminal', () => {
  it('is plain text: addresses and names as they are, without the escapes of Markdown', () => {
    const text = moveReportText(report, { safe });
    expect(text).toContain('project "team_a" at http://127.0.0.1:1984');
    expect(text).toContain('3 × it has no span: t_1, [2Jt-2, …');
    expect(text).toMatch(/traces +12 +6 +3 +9 +3 +0/);
    expect(text).not.toMatch(/[\\`|#]/);
    expect(text).not.toContain('\u001b');
  });

  it('says the direction once where the name is the direction', () => {
    expect(moveReportText(report, { safe }).match(/langsmith-to-langfuse/g)).toHaveLength(1);
    expect(moveReportMarkdown(report).match(/langsmith-to-langfuse/g)).toHaveLength(1);
    const named = moveReportText({ ...report, name: 'tickets' }, { safe });
    expect(named).toContain('tickets (langsmith-to-langfuse): ');
  });

  it('does not say "yet" of a move that has ended', () => {
    expect(moveLine({ ...report, kinds: [], status: 'failed' })).toBe('failed: nothing was found');
    expect(moveLine({ ...report, kinds: [], status: 'running' })).toBe(
      'running: nothing found yet',
    );
  });
});

describe('a move that is begun again', () => {
  const ended = { updatedAt: report.updatedAt };

  it('is not shown as it ended before', () => {
    expect(isNews({ ...report, status: 'failed' }, ended)).toBe(false);
    expect(isNews({ ...report, status: 'running' }, ended)).toBe(true);
    expect(isNews({ status: 'failed', updatedAt: '2026-11-22T00:01:00.000Z' }, ended)).toBe(true);
    expect(isNews(report, undefined)).toBe(true);
  });
});

describe('a worker without the keys of a move', () => {
  it('names the variables that are missing, of each platform', () => {
    const places = (): readonly string[] => {
      try {
        platformsOf('langsmith-to-langfuse', { platforms: [] });
      } catch (error) {
        if (AssayError.is(error)) return error.problems.map(({ at }) => at);
      }
      return [];
    };
    expect(places()).toEqual([
      'LANGSMITH_API_KEY',
      'LANGFUSE_HOST',
      'LANGFUSE_PUBLIC_KEY',
      'LANGFUSE_SECRET_KEY',
    ]);
  });
});
