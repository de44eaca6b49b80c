import { describe, expect, it } from '@jest/globals';

import { withoutFence } from '../../../../src/core/text/fence.js';

describe('withoutFence', () => {
  it.each([
    ['```json\n{"a":1}\n```', '{"a":1}'],
    ['\n ``` \n[1]\n  ```  \n', '[1]'],
    ['```json\n{}```', '{}'],
    ['```json\n\n```', ''],
    ['{"a":"```"}', '{"a":"```"}'],
    ['Here:\n```json\n{}\n```', 'Here:\n```json\n{}\n```'],
    ['```yaml\na: 1\n```', '```yaml\na: 1\n```'],
    ['```json\n{}', '```json\n{}'],
    ['```', '```'],
    ['', ''],
  ])('makes %j %j', (text, wanted) => {
    expect(withoutFence(text)).toBe(wanted);
  });

  it('takes no longer for white space that can be split up in many ways', () => {
    const began = performance.now();
    const text = `\`\`\`json${'\n'.repeat(200_000)}x`;
    expect(withoutFence(text)).toBe(text);
    expect(performance.now() - began).toBeLessThan(500);
  });
});
