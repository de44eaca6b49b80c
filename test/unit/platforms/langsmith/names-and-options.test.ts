import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { isUuid, namedUuid, timedUuid } from '../../../../src/platforms/langsmith/ids.js';
import { createLangsmithPlatform } from '../../../../src/platforms/langsmith/platform.js';
import { handleOf, nameOf, readmeOf } from '../../../../src/platforms/langsmith/prompt-handle.js';
import { readOptions } from '../../../../src/platforms/langsmith/options.js';

describe('ids', () => {
  it('are UUIDs whatever they are made of, the same for the same, and another for parts cut elsewhere', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1 }), fc.nat(2 ** 40), (parts, time) => {
        const id = namedUuid(...parts);
        expect(isUuid(id)).toBe(true);
        expect(namedUuid(...parts)).toBe(id);
        expect(isUuid(timedUuid(time, id))).toBe(true);
      }),
    );
    expect(namedUuid('ab', 'c')).not.toBe(namedUuid('a', 'bc'));
  });
});

describe('handles of prompts', () => {
  it('are what LangSmith takes, and lead back to the name by the readme', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (name) => {
        const handle = handleOf(name);
        expect(handle).toMatch(/^[a-z][a-z0-9_-]{0,99}$/);
        expect(nameOf({ repo_handle: handle, readme: readmeOf(name) ?? null })).toBe(name);
      }),
    );
    expect(handleOf('reply')).toBe('reply');
    expect(handleOf('Reply')).not.toBe(handleOf('reply'));
  });

  it('are believed only where the name gives them', () => {
    const readme = 'Name in Assay: "../../etc"';
    expect(nameOf({ repo_handle: 'mine', readme })).toBe('mine');
    expect(nameOf({ repo_handle: 'mine', readme: 'Name in Assay: {' })).toBe('mine');
  });
});

const options = { endpoint: 'https://api.smith.langchain.com', apiKey: 'lsv2_x' };

describe('options', () => {
  it('name every problem at once, and no key', () => {
    const wrong = () =>
      readOptions({ endpoint: 'ftp://x', apiKey: 'hunter2\n', workspaceId: 'w', webUrl: 'x' });
    expect(wrong).toThrow(
      expect.objectContaining({
        code: 'ENVIRONMENT_INVALID',
        problems: [
          expect.objectContaining({ at: 'LANGSMITH_ENDPOINT' }),
          expect.objectContaining({ at: 'LANGSMITH_WEB_URL' }),
          expect.objectContaining({ at: 'LANGSMITH_API_KEY' }),
          expect.objectContaining({ at: 'LANGSMITH_WORKSPACE_ID' }),
        ],
      }),
    );
    expect(wrong).not.toThrow(/hunter2/);
  });

  it.each([
    ['https://api.smith.langchain.com/', 'https://smith.langchain.com'],
    ['https://eu.api.smith.langchain.com', 'https://eu.smith.langchain.com'],
    ['https://ls.example.com/api/v1', 'https://ls.example.com'],
    ['https://ls.example.com/tools/api', 'https://ls.example.com/tools'],
    ['http://localhost:1984', 'http://localhost:1984'],
  ])('find the pages of %s', (endpoint, webUrl) => {
    expect(readOptions({ ...options, endpoint }).webUrl).toBe(webUrl);
    expect(readOptions({ ...options, endpoint, webUrl: 'https://a.b/' }).webUrl).toBe(
      'https://a.b',
    );
  });

  it('give addresses in which ids stand encoded', () => {
    const platform = createLangsmithPlatform(options);
    expect(platform.prompts.url('t/1', 'Reply/DE')).toBe(
      `https://smith.langchain.com/prompts/${handleOf('Reply/DE')}?organizationId=t%2F1`,
    );
    expect(platform.datasets.url('t', 'a/b')).toBe(
      'https://smith.langchain.com/o/t/datasets/a%2Fb',
    );
    expect(platform.traceUrl('t', 'ab'.repeat(16))).toBe(
      'https://smith.langchain.com/o/t/projects',
    );
  });
});
