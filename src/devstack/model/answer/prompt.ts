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

const extend = (block: Block, line: Line): void => {
  block.end = line.end;
  if (block.outputs.length === 0) block.inputEnd = line.end;
};

/** Whether the line ends the block without belonging to it. */
const endsBlock = (block: Block, line: string): boolean =>
  block.outputs.length > 0 &&
  (opensBlock(line) !== undefined || /^\s*(?:#{1,6} |-{3,}|={3,}|<)/.test(line));

/** The places of a text where an input stands, with the outputs that follow it. */
const blocksOf = (text: string): readonly Block[] => {
  const blocks: Block[] = [];
  let block: Block | undefined;
  let closed = true;
  for (const line of linesOf(text)) {
    if (block !== undefined && endsBlock(block, line.text)) block = undefined;
    if (block === undefined) {
      const opening = opensBlock(line.text);
      if (opening === undefined) continue;
      block = { start: line.start, inputEnd: line.end, end: line.end, outputs: [], ...opening };
      closed = block.tag === undefined || line.text.toLowerCase().includes(`</${block.tag}>`);
      blocks.push(block);
      continue;
    }
    if (!closed) {
      // Inside a tag nothing is read as a marker: that is what authors set tags for.
      closed = line.text.toLowerCase().includes(`</${block.tag ?? ''}>`);
      extend(block, line);
      continue;
    }
    const output = line.text.includes(':') ? outputMarker.exec(line.text) : null;
    if (output !== null) block.outputs.push([output[1] ?? '', (output[2] ?? '').trim()]);
    else if (block.outputs.length > 0 && line.text.trim() !== '') {
      const last = block.outputs.at(-1);
      if (last !== undefined)
        block.outputs[block.outputs.length - 1] = [last[0], `${last[1]}\n${line.text}`.trim()];
    }
    extend(block, line);
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
    const cut = withoutRequest(text.slice(block.start, block.inputEnd));
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
