import { describe, expect, it } from '@jest/globals';

import type { DatasetItem } from '../../../../src/contracts/records.js';
import { platformItemId } from '../../../../src/core/ids/platform-ids.js';
import type { Json } from '../../../../src/core/json/json.js';
import {
  contentKey,
  contentOf,
  itemFromAnswer,
  wireValue,
} from '../../../../src/platforms/langfuse/item-content.js';
import { idOnPlatform } from '../../../../src/platforms/langfuse/item-identity.js';

const item: DatasetItem = {
  id: 'ticket-1',
  input: { b: 1, a: { d: 1, c: 2 } },
  expected: '4',
  metadata: { topic: 'billing' },
  description: 'An invoice',
};

/** What the server gives back of a value: a text that is JSON is parsed once, an empty one is no value. */
function stored(value: Json): Json {
  if (value === '') return null;
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as Json;
  } catch {
    return value;
  }
}

const answerOf = (of: DatasetItem, id: string) => {
  const content = contentOf(of);
  return {
    id,
    status: 'ACTIVE',
    input: stored(wireValue(content.input)),
    expectedOutput: stored(wireValue(content.expectedOutput)),
    metadata: stored(wireValue(content.metadata)),
  };
};

describe('item content', () => {
  it.each(['4', 'true', 'null', '007', '"quoted"', '{"a":1}', '', 'plain'])(
    'brings the text %p back as the text it is',
    (text) => {
      expect(stored(wireValue(text))).toBe(text);
    },
  );

  it('is equal whatever the order of keys', () => {
    const reordered = { ...item, input: { a: { c: 2, d: 1 }, b: 1 } };
    expect(contentKey(contentOf(reordered))).toBe(contentKey(contentOf(item)));
  });

  it('is equal where a server parsed a text, lest every run makes a version', () => {
    expect(contentKey({ ...contentOf(item), expectedOutput: 4 })).toBe(contentKey(contentOf(item)));
  });

  it('is equal where a server stripped control characters', () => {
    const coloured = { ...item, input: { text: 'a\u001B[31mb\u0085', deep: ['\u0007'] } };
    const stripped = { ...item, input: { text: 'a[31mb', deep: [''] } };
    expect(contentKey(contentOf(coloured))).toBe(contentKey(contentOf(stripped)));
  });

  it.each([
    ['input', { input: { b: 2 } }],
    ['expected', { expected: 'five' }],
    ['metadata', { metadata: {} }],
    ['description', { description: 'Another' }],
  ])('differs where the %s differs', (_, change) => {
    expect(contentKey(contentOf({ ...item, ...change }))).not.toBe(contentKey(contentOf(item)));
  });

  it('comes back as the item it was, with the id it had', () => {
    const id = platformItemId('tickets', item.id);
    expect(itemFromAnswer('tickets', answerOf(item, id))).toEqual(item);
  });

  it('keeps the id of an item that others made, and finds it again by that id', () => {
    const read = itemFromAnswer('tickets', {
      id: 'their-id',
      status: 'ACTIVE',
      input: 'a question',
      expectedOutput: null,
      metadata: null,
    });
    expect(read).toMatchObject({ id: 'their-id', input: { input: 'a question' } });
    expect(read).not.toHaveProperty('expected');
    expect(idOnPlatform('tickets', read)).toBe('their-id');
  });

  it('does not believe the mark of an item that was copied from one of ours', () => {
    expect(itemFromAnswer('tickets', answerOf(item, 'a-copy')).id).toBe('a-copy');
  });
});
