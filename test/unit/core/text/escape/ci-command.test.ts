import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import {
  ciText,
  githubMessage,
  githubProperty,
} from '../../../../../src/core/text/escape/ci-command.js';
import { anyText, hostile } from './hostile.js';

const fragments = fc
  .array(
    fc.constantFrom(
      '::',
      ':',
      '##[',
      '##vso[',
      '##',
      '#',
      '[',
      '\n',
      ' ',
      '\t',
      'error',
      'section_start:',
    ),
  )
  .map((parts) => parts.join(''));

describe('text in the log of a CI job', () => {
  it('holds no line that a runner obeys', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, fragments), (text) => {
        for (const line of ciText(text).split(/\r\n|[\r\n]/)) {
          // GitHub: ActionCommand.TryParseV2 trims the line's start; TryParse finds `##[` anywhere.
          expect(line.trimStart().startsWith('::')).toBe(false);
          expect(line).not.toMatch(/##\[|##vso\[|##teamcity\[/i);
          expect(line).not.toMatch(/section_(?:start|end):/i);
        }
      }),
    );
  });

  it('stays readable', () => {
    expect(ciText(hostile.githubCommand)).toBe(
      ': :error file=a.ts::boom\n  : :add-mask::x\n: :set-output name=a::b',
    );
    expect(ciText('a::b and std::vector')).toBe('a::b and std::vector');
  });
});

describe('the parts of a GitHub command of our own', () => {
  it('cannot end the line or the property', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(githubMessage(text)).not.toMatch(/[\r\n]/);
        expect(githubProperty(text)).not.toMatch(/[\r\n:,]/);
      }),
    );
  });

  it('come back as they were', () => {
    expect(decodeURIComponent(githubMessage('50 % of\n2'))).toBe('50 % of\n2');
    expect(githubProperty('a:b,c')).toBe('a%3Ab%2Cc');
  });
});
