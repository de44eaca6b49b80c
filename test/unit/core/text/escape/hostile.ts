import fc from 'fast-check';

/** Texts that have broken some output somewhere, by what they attack. */
export const hostile = {
  nul: 'before\u0000after',
  loneSurrogates: 'high \ud800 low \udc00 end \ud83d',
  script: '</script><script>alert(1)</script><img src=x onerror=alert(1)>',
  htmlComment: '<!-- --> <b onclick="x">&amp;&lt;',
  fences: 'text\n```\nout\n````\n~~~\n`a``b```',
  pipes: 'a | b || c \\| d',
  link: '[click](javascript:alert(1)) ![img](http://x.example/p.png) <http://x.example>',
  autolink: 'see https://x.example/?a=1 and www.x.example and a@x.example',
  mention: '@octocat fixes #12 and GH-34',
  heading: '# heading\n> quote\n- item\n1. one\n=====\n---',
  ansi: '\u001b[31mred\u001b[0m \u001b]0;title\u0007 \u001b[2J \u009b31m \u001b]8;;http://x.example\u001b\\',
  carriage: 'real line\rfake line\u0008\u0008',
  bidi: 'user\u202eexe.txt\u202c \u2066isolate\u2069 \u200fmark',
  separators: 'a\u2028b\u2029c\u0085d\u000be\u000cf',
  xmlIllegal: 'a\u0001b\u000bc\ufffed\uffff ]]> <![CDATA[',
  githubCommand: '::error file=a.ts::boom\n  ::add-mask::x\n::set-output name=a::b',
  azureCommand: 'text ##vso[task.complete result=Failed] ##[section]x ##teamcity[x]',
  formula: '=HYPERLINK("http://x.example","click")',
  quotes: `"double" 'single' \`back\` , ; \t`,
  empty: '',
  blank: '   ',
} as const;

/** Half a megabyte of everything above. */
export const large = Object.values(hostile).join('\n').repeat(1_000).slice(0, 524_288);

/** Any text at all, half surrogate pairs and controls included. */
export const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.constantFrom(0x60, 0x7c, 0x3a, 0x23)))
    .map((units) => String.fromCharCode(...units)),
  fc.constantFrom(...Object.values(hostile)),
);

/** What no output may hold: controls but tab and line feed, and marks that reorder or hide text. */
export const dangerous =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;
