import { describe, expect, it } from '@jest/globals';

import { build } from './support.js';

const anchor = (id: string, more: object = {}) => ({
  id,
  input: { q: 'hi' },
  output: 'Hello',
  passed: true,
  ...more,
});
const judge = (config: object, readText?: (path: string) => Promise<string>) =>
  build(
    { kind: 'llm_judge', model: 'small', rubric: '- Is polite', ...config },
    readText === undefined ? {} : { readText },
  );

describe('the anchors of a judge', () => {
  it('stand in its identity as they are, from the config or from a file', async () => {
    const anchors = [anchor('a'), anchor('b', { passed: false, expected: 'x' })];
    const inline = await judge({ anchors });
    const fromFile = await judge({ anchorsFile: 'anchors.json' }, () =>
      Promise.resolve(JSON.stringify(anchors)),
    );
    expect(inline.anchors).toEqual(anchors);
    expect(inline.identity.judge?.anchors).toEqual(anchors);
    expect(fromFile.identity).toEqual(inline.identity);
  });

  it('leave the identity of a judge without any as it is', async () => {
    const plain = await judge({});
    expect(plain).not.toHaveProperty('anchors');
    expect(plain.identity.judge).not.toHaveProperty('anchors');
  });

  it('are planned as so many calls as they take: none where one has nothing at the path, two for a pair that differs', async () => {
    const atPath = [anchor('a', { output: { text: 'Hello' } }), anchor('b', { output: {} })];
    const one = await judge({ path: '/text', anchors: atPath });
    expect(one.plannedAnchors?.().map(({ model }) => model)).toEqual(['small']);
    const required = await judge({ reference: 'required', anchors: [anchor('a')] });
    expect(required.plannedAnchors?.()).toEqual([]);
    const pairs = await build({
      kind: 'llm_pairwise',
      model: 'small',
      rubric: '- Is polite',
      anchors: [anchor('a', { expected: 'Go away' }), anchor('b', { expected: 'Hello' })],
    });
    const asked = pairs.plannedAnchors?.() ?? [];
    expect(asked).toHaveLength(2);
    expect(asked[0]?.messages).not.toEqual(asked[1]?.messages);
    expect((await judge({})).plannedAnchors?.()).toEqual([]);
  });

  it.each([
    ['a repeated id', { anchors: [anchor('a'), anchor('a')] }, 'evaluators.it.anchors'],
    ['two sources', { anchors: [anchor('a')], anchorsFile: 'a.json' }, 'evaluators.it'],
    [
      'more text than a manifest should hold',
      { anchors: [anchor('a', { output: 'x'.repeat(200_001) })] },
      'evaluators.it.anchors',
    ],
  ])('are refused with %s', async (_case, config, at) => {
    await expect(judge(config)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      problems: [{ at }],
    });
  });

  it.each([
    ['no JSON', 'not json', 'evaluators.it.anchorsFile'],
    ['none in it', '[]', 'evaluators.it.anchorsFile: the file'],
    [
      'a verdict that is no truth',
      JSON.stringify([anchor('a', { passed: 'yes' })]),
      'evaluators.it.anchorsFile: 0.passed',
    ],
    [
      'no verdict',
      JSON.stringify([{ id: 'a', output: 'x' }]),
      'evaluators.it.anchorsFile: 0.passed',
    ],
  ])('are refused from a file with %s', async (_case, text, at) => {
    const reading = judge({ anchorsFile: 'a.json' }, () => Promise.resolve(text));
    await expect(reading).rejects.toMatchObject({ code: 'CONFIG_INVALID', problems: [{ at }] });
  });

  it('are refused from a file that is not there, without the path of the machine', async () => {
    const missing = Object.assign(new Error('ENOENT: /home/secret/a.json'), { code: 'ENOENT' });
    const reading = judge({ anchorsFile: 'a.json' }, () => Promise.reject(missing));
    await expect(reading).rejects.toMatchObject({
      problems: [{ message: 'The anchors cannot be read: ENOENT.' }],
    });
  });
});
