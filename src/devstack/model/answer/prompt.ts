/** One message as the model reads it. */
export interface PromptMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly text: string;
}

/** A worked example in the prompt: an input and what was answered to it, by key where keys were given. */
export interface Example {
  readonly input: string;
  /** `category` → `billing`; the key is '' where the answer stood alone. */
  readonly outputs: readonly (readonly [key: string, value: string])[];
}

/** A prompt taken apart: what is asked, and what it is asked about. */
export interface PromptParts {
  /** Everything but the input: rules, lists, examples that stand in the text. */
  readonly instructions: string;
  /** The input to answer now. */
  readonly query: string;
  /** Former turns of the conversation, as examples. */
  readonly turns: readonly Example[];
}

const inputName =
  'ticket|subject|title|input|message|customer|customer message|customer ticket|email|e-mail|text|body|question|query|review|request|conversation|document|user|inquiry|q';
const outputName =
  'category|label|class|classification|urgency|priority|sentiment|intent|topic|answer|output|response|reply|result|json|verdict|a';
const markup = '(?:#{1,6} *)?(?:\\*\\*|__)?';
const inputMarker = new RegExp(
  `^ {0,3}${markup}(?:${inputName})(?: (?:\\d+|text))?(?:\\*\\*|__)?:(?:\\*\\*|__)? *(.*)$`,
  'i',
);
const outputMarker = new RegExp(
  `^ {0,3}${markup}(${outputName})(?:\\*\\*|__)?:(?:\\*\\*|__)? *(.*)$`,
  'i',
);
const outputTag = new RegExp(`^ *<(${outputName})>(.*?)(?:</\\1>)?\\s*$`, 'i');
const openTag = new RegExp(`^ *<(${inputName.replaceAll(' ', '_')})>`, 'i');
// A request that stands below the input instead of above it.
const request =
  /^(?:please )?(?:classify|answer|respond|reply|return|now|write|choose|decide|give|output|categories|labels)\b[\s\S]*\b(?:json|categor\w*|classif\w*|labels?|schema|urgency|priority|respond with|answer with|reply to)\b/i;

interface Block {
  readonly start: number;
  inputEnd: number;
  end: number;
  readonly outputs: (readonly [string, string])[];
  readonly tag: string | undefined;
  /** Its tag is not closed yet. */
  open: boolean;
}

interface Line {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const linesOf = (text: string): readonly Line[] => {
  const lines: Line[] = [];
  for (let start = 0; start <= text.length;) {
    const found = text.indexOf('\n', start);
    const end = found === -1 ? text.length : found;
    lines.push({ text: text.slice(start, end), start, end });
    start = end + 1;
  }
  return lines;
};

const opensBlock = (line: string): { readonly tag: string | undefined } | undefined => {
  const tag = line.includes('<') ? openTag.exec(line)?.[1] : undefined;
  if (tag !== undefined) return { tag: tag.toLowerCase() };
  return line.includes(':') && inputMarker.test(line) ? { tag: undefined } : undefined;
};

const closesTag = (line: string, tag: string): boolean => line.toLowerCase().includes(`</${tag}>`);

/** `Category: billing` or `<category>billing</category>`. */
const outputOf = (line: string): readonly [string, string] | undefined => {
  const match = line.includes(':') ? outputMarker.exec(line) : null;
  const found = match ?? (line.includes('<') ? outputTag.exec(line) : null);
  return found === null ? undefined : [found[1] ?? '', (found[2] ?? '').trim()];
};

const startBlock = (line: Line): Block | undefined => {
  const opening = opensBlock(line.text);
  if (opening === undefined) return undefined;
  const { tag } = opening;
  const open = tag !== undefined && !closesTag(line.text, tag);
  return { start: line.start, inputEnd: line.end, end: line.end, outputs: [], tag, open };
};

const addToLastOutput = (block: Block, text: string): void => {
  const last = block.outputs.pop();
  if (last !== undefined) block.outputs.push([last[0], `${last[1]}\n${text}`.trim()]);
};

/** Takes a line into a block; false where it belongs to what follows. */
const takeLine = (block: Block, line: Line): boolean => {
  if (block.open) {
    // Inside a tag nothing is read as a marker: that is what authors set tags for.
    block.open = block.tag !== undefined && !closesTag(line.text, block.tag);
    block.inputEnd = line.end;
    block.end = line.end;
    return true;
  }
  const answered = block.outputs.length > 0;
  const output = answered && /^\s*#/.test(line.text) ? undefined : outputOf(line.text);
  if (output !== undefined) block.outputs.push(output);
  else if (answered) {
    if (opensBlock(line.text) !== undefined || /^\s*(?:#{1,6} |-{3,}|={3,}|<)/.test(line.text))
      return false;
    addToLastOutput(block, line.text);
  } else if (block.tag !== undefined) {
    return line.text.trim() === '';
  } else block.inputEnd = line.end;
  block.end = line.end;
  return true;
};

/** The places of a text where an input stands, with the outputs that follow it. */
const blocksOf = (text: string): readonly Block[] => {
  const blocks: Block[] = [];
  let block: Block | undefined;
  for (const line of linesOf(text)) {
    if (block !== undefined && takeLine(block, line)) continue;
    block = startBlock(line);
    if (block !== undefined) blocks.push(block);
  }
  return blocks;
};

/** The input's text without its markers and tags. */
const plainInput = (text: string): string =>
  linesOf(text)
    .map((line) =>
      line.text
        .replace(inputMarker, '$1')
        .replace(/^\s*<\/?[a-z_]{1,30}>|<\/[a-z_]{1,30}>\s*$/gi, ''),
    )
    .join('\n')
    .trim();

const toExample = (text: string, block: Block): Example => ({
  input: plainInput(text.slice(block.start, block.inputEnd)),
  outputs: block.outputs.filter(([, value]) => value !== ''),
});

/** The worked examples that stand in an instruction text, and the text without them. */
export const examplesIn = (
  text: string,
): { readonly examples: readonly Example[]; readonly rest: string } => {
  const blocks = blocksOf(text).filter((block) => block.outputs.some(([, value]) => value !== ''));
  let rest = '';
  let at = 0;
  for (const block of blocks) {
    rest += text.slice(at, block.start);
    at = block.end;
  }
  return { examples: blocks.map((block) => toExample(text, block)), rest: rest + text.slice(at) };
};

/** Cuts a request off that stands below the input. */
const withoutRequest = (input: string): { readonly input: string; readonly request: string } => {
  const at = input.lastIndexOf('\n\n');
  const last = at === -1 ? '' : input.slice(at + 2);
  if (at === -1 || !request.test(last)) return { input, request: '' };
  return { input: input.slice(0, at), request: last };
};

const splitMessage = (text: string, alone: boolean): Omit<PromptParts, 'turns'> => {
  const block = blocksOf(text).at(-1);
  if (block !== undefined) {
    const input = text.slice(block.start, block.inputEnd);
    const cut = block.tag === undefined ? withoutRequest(input) : { input, request: '' };
    const rest = `${text.slice(0, block.start)}\n${cut.request}${text.slice(block.inputEnd)}`;
    return { instructions: rest, query: plainInput(cut.input) };
  }
  if (!alone) return { instructions: '', query: text };
  const at = text.trimEnd().lastIndexOf('\n\n');
  if (at === -1) return { instructions: text, query: text };
  return { instructions: text.slice(0, at), query: text.slice(at).trim() };
};

/** Takes a conversation apart into what is asked and what it is asked about. */
export const splitPrompt = (messages: readonly PromptMessage[]): PromptParts => {
  const lastUser = messages.findLastIndex((message) => message.role === 'user');
  const system: string[] = [];
  const turns: Example[] = [];
  messages.forEach((message, index) => {
    const answer = messages[index + 1];
    if (index === lastUser) return;
    if (message.role === 'system') system.push(message.text);
    else if (message.role === 'user' && answer?.role === 'assistant')
      turns.push({ input: plainInput(message.text), outputs: [['', answer.text]] });
  });
  const text = messages[lastUser]?.text ?? '';
  if (lastUser === -1) {
    const last = messages.at(-1);
    return { ...splitMessage(last?.text ?? '', true), turns };
  }
  const parts = splitMessage(text, system.length === 0 && turns.length === 0);
  return { ...parts, instructions: [...system, parts.instructions].join('\n\n'), turns };
};

/** The first line of a text that says something, at most `limit` characters, no surrogate pair cut in half. */
export const firstLine = (text: string, limit: number): string =>
  (/\S.*/.exec(text)?.[0] ?? '')
    .slice(0, limit)
    .replace(/[\ud800-\udbff]$/, '')
    .trimEnd();
