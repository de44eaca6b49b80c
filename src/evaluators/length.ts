import { loadTokenCounter } from '../models/token-count.js';
import { given, oneScore, type Building, type Built } from './building.js';
import { textOf } from './judged-text.js';
import { partName, pathOption, readOutput } from './judged-value.js';
import { codePoints } from './measures/edit-distance.js';
import { numberScore, scoreComment } from './score-text.js';

type Unit = Building<'length'>['config']['unit'];

/**
 * How long the output at `path` is. NUMERIC; passes between `min` and `max`, both included. An output with nothing there has
 * no length: 0, and fails where a limit is set.
 *
 * Characters are code points; words are what `Intl.Segmenter` takes for words, in any script; tokens are counted as
 * OpenAI's o200k_base counts them; bytes are those of UTF-8. What is no text is measured as its compact JSON.
 */
export function buildLength({ name, config }: Building<'length'>): Built {
  const { path, unit, min, max, required } = config;
  if (min !== undefined && max !== undefined && min > max) {
    const message = `No text has at least ${min} and at most ${max} ${unit}.`;
    return { problems: [{ at: `evaluators.${name}.min`, message, mend: 'Swap min and max.' }] };
  }
  const options = { ...pathOption(path), ...given({ unit, min, max }) };
  return oneScore({
    name,
    required,
    identity: { name, kind: config.kind, required, options },
    async evaluate({ output }) {
      const part = readOutput(output, path);
      const value = part.found ? await count(textOf(part.value), unit) : 0;
      const limited = min !== undefined || max !== undefined;
      const within = (min ?? 0) <= value && value <= (max ?? Infinity);
      const passed = limited ? part.found && within : undefined;
      const bounds = [
        ...(min === undefined ? [] : [`at least ${min}`]),
        ...(max === undefined ? [] : [`at most ${max}`]),
      ].join(' and ');
      const wanted = limited ? `; ${bounds} are wanted` : '';
      const comment = scoreComment({
        reasoning: part.found ? `${value} ${unit}${wanted}.` : part.reason,
        passed: passed === true ? [partName(path)] : [],
        failed: passed === false ? [partName(path)] : [],
      });
      return [numberScore({ evaluator: name, value, passed, comment })];
    },
  });
}

async function count(text: string, unit: Unit): Promise<number> {
  switch (unit) {
    case 'characters':
      return codePoints(text);
    case 'words':
      return countWords(text);
    case 'lines':
      return text === '' ? 0 : text.replace(/\r?\n$/, '').split(/\r\n|\r|\n/).length;
    case 'tokens':
      return (await loadTokenCounter()).text(text);
    case 'bytes':
      return Buffer.byteLength(text);
  }
}

const segmenter = new Intl.Segmenter('und', { granularity: 'word' });

function countWords(text: string): number {
  let words = 0;
  for (const { isWordLike } of segmenter.segment(text)) if (isWordLike === true) words += 1;
  return words;
}
