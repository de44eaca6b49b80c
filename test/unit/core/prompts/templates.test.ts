import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import Mustache from 'mustache';

import { parseMustache, type MustacheNode } from '../../../../src/core/prompts/mustache.js';
import { toFString, toMustache } from '../../../../src/core/prompts/templates.js';

const names = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/);
const piece = fc.oneof(
  names.map((name) => ({ kind: 'variable' as const, name })),
  fc
    .oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('{', '}', '{ ', ' }', '{"a": 1}'),
    )
    .map((text) => ({ kind: 'text' as const, text })),
);
const pieces = fc.array(piece, { maxLength: 8 });

const fStringOf = (of: readonly { kind: string; name?: string; text?: string }[]): string =>
  of
    .map(({ name, text }) =>
      text === undefined ? `{${name ?? ''}}` : text.replace(/[{}]/g, '$&$&'),
    )
    .join('');

describe('templates between mustache and f-string', () => {
  it.each([
    ['Hello {{name}}', 'Hello {name}'],
    ['{{ name }}', '{name}'],
    ['{"a": {{value}} }', '{{"a": {value} }}'],
    ['no braces', 'no braces'],
    ['', ''],
  ])('%j is %j', (mustache, fString) => {
    expect(toFString(mustache)).toEqual({ text: fString });
  });

  it('double the braces of the text on the way there, and halve them on the way back', () => {
    expect(toFString('a { b } {{c}}')).toEqual({ text: 'a {{ b }} {c}' });
    expect(toMustache('a {{ b }} {c}')).toEqual({ text: 'a { b } {{c}}' });
  });

  it.each([
    ['{{#items}}x{{/items}}', 'has the section "items"'],
    ['{{^items}}x{{/items}}', 'has the section "items"'],
    ['{{> footer}}', 'uses the partial "footer"'],
    ['{{{html}}}', 'asks for "html" unescaped'],
    ['{{& html}}', 'asks for "html" unescaped'],
    ['{{! note}}', 'has a comment'],
    ['{{customer.name}}', 'has the variable "customer.name"'],
    ['{{first name}}', 'has the variable "first name"'],
    ['{{=<% %>=}}<%x%>', 'changes the delimiters'],
    ['{{open', 'not closed at line 1, column 1'],
    ['{{#a}}x', 'the section "a" is not closed'],
    ['x\n y{{/a}}', 'closed at line 2, column 3'],
  ])('refuse %j, which an f-string cannot hold', (mustache, problem) => {
    expect(toFString(mustache)).toEqual({
      problems: [expect.stringContaining(problem) as unknown],
    });
  });

  it('say all that cannot be carried at once', () => {
    expect(toFString('{{#a}}{{/a}} {{>b}} {{{c}}}')).toEqual({
      problems: [
        expect.stringContaining('"a"') as unknown,
        expect.stringContaining('"b"') as unknown,
        expect.stringContaining('"c"') as unknown,
      ],
    });
  });

  it.each([
    '{',
    '}',
    '{a',
    'a}',
    '{a!r}',
    '{a:>10}',
    '{a[0]}',
    '{}',
    '{a.b}',
    '{{{{x}}}}',
    '{{{x}',
  ])('refuse %j, which mustache cannot hold or which is no f-string', (fString) => {
    expect(toMustache(fString)).toHaveProperty('problems');
  });

  it('come back as they were, from mustache', () => {
    fc.assert(
      fc.property(pieces, (of) => {
        const mustache = of
          .map((each) => (each.kind === 'text' ? each.text : `{{${each.name}}}`))
          .join('');
        const there = toFString(mustache);
        if ('problems' in there) return;
        const back = toMustache(there.text);
        // Refused or the same: a prompt that says something else is never given.
        if ('text' in back)
          expect(back.text.replace(/\{\{\s*(\w+)\s*\}\}/g, '{{$1}}')).toBe(
            mustache.replace(/\{\{\s*(\w+)\s*\}\}/g, '{{$1}}'),
          );
      }),
    );
  });

  it('come back as they were, from an f-string, wherever they were carried', () => {
    let carried = 0;
    fc.assert(
      fc.property(pieces, (of) => {
        const fString = fStringOf(of);
        const there = toMustache(fString);
        if ('problems' in there) return;
        carried += 1;
        expect(toFString(there.text)).toEqual({ text: fString });
      }),
    );
    expect(carried).toBeGreaterThan(10);
  });

  it('mean the same to the renderer', () => {
    fc.assert(
      fc.property(pieces, (of) => {
        const there = toMustache(fStringOf(of));
        if ('problems' in there) return;
        const view = Object.fromEntries(
          of.flatMap((each) => (each.kind === 'variable' ? [[each.name, `<${each.name}>`]] : [])),
        );
        const rendered = Mustache.render(there.text, view, undefined, {
          escape: (text: string) => text,
        });
        const meant = of
          .map((each) => (each.kind === 'text' ? each.text : `<${each.name}>`))
          .join('');
        expect(rendered).toBe(meant);
      }),
    );
  });
});

describe('the reader of templates', () => {
  it('sees what the renderer sees', () => {
    const template =
      'a {{b}} {{{c}}} {{& d}} {{#e}}x {{f.g}}{{^h}}y{{/h}}{{/e}} {{! no }} {{> i}} { {j} }';
    const parsed = parseMustache(template);
    if ('problem' in parsed) throw new Error(parsed.problem);
    const flat = (nodes: readonly MustacheNode[]): readonly string[] =>
      nodes.flatMap((node) => {
        if (node.kind === 'section') {
          return [`${node.inverted ? '^' : '#'}${node.name}`, ...flat(node.inner)];
        }
        if (node.kind === 'variable') return [`${node.raw ? '&' : ''}${node.name}`];
        return node.kind === 'partial' ? [`>${node.name}`] : [];
      });
    type Token = readonly [string, string, number, number, (readonly Token[])?];
    const peers = (tokens: readonly Token[]): readonly string[] =>
      tokens.flatMap(([kind, value, , , inner]) => {
        if (kind === '#' || kind === '^') return [`${kind}${value}`, ...peers(inner ?? [])];
        if (kind === 'name') return [value];
        return kind === '&' || kind === '>' ? [`${kind}${value}`] : [];
      });
    expect(flat(parsed.nodes)).toEqual(
      peers(Mustache.parse(template) as unknown as readonly Token[]),
    );
  });
});
