import { labelKinds, readLabel, type HumanLabel } from '../core/calibration/label.js';
import { labelledKeys } from '../core/calibration/replay.js';
import { isObject, type Json } from '../core/json/json.js';
import { parseItem, type ParsedItem } from './parse-item.js';

type ItemProblem = Extract<ParsedItem, { problems: unknown }>['problems'][number];

const members = ['id', 'output', 'label', 'inputs', 'expected', 'metadata', 'description'] as const;
const known: ReadonlySet<string> = new Set(members);

/**
 * Begins the reading of a labelled set: `{id, output, label, inputs?, expected?, description?, metadata?}`. Output and label
 * become part of the item's metadata, which no judge sees. All labels of a set are of one kind. Other members are refused: all
 * but three may be left out, so that an input of another name would be left out of what the judge sees, and nobody would be told.
 */
export function beginLabelled(): (raw: Json) => ParsedItem {
  let kind: HumanLabel['kind'] | undefined;
  let isSaid = false;
  return (raw) => {
    if (!isObject(raw)) return parseItem(raw);
    const problems: ItemProblem[] = Object.keys(raw)
      .filter((key) => !known.has(key))
      .map((key) => {
        const mend = `${mendOf(key)}${isSaid ? '' : allMembers}`;
        isSaid = true;
        return { path: pathOf(key), message: 'is no member of a labelled item', mend };
      });
    const { output, label, inputs, metadata } = raw;
    if (output === undefined) {
      const mend = 'Give the item the "output" that people labelled.';
      problems.push({ path: '', message: 'has no output', mend });
    }
    if (label === undefined || label === null || label === '') {
      const mend = `Give the item its "label": ${kind === undefined ? Object.values(labelKinds).join('; ') : labelKinds[kind]}.`;
      problems.push({ path: '', message: 'has no label', mend });
    } else {
      const read = readLabel(label);
      if ('problem' in read) problems.push({ path: '', message: read.problem });
      else if (kind !== undefined && kind !== read.label.kind) {
        const message = `has a label of another kind than those before it, which are ${labelKinds[kind]}`;
        const mend = 'Label all items of a set in one way, or make two sets.';
        problems.push({ path: '', message, mend });
      } else kind = read.label.kind;
    }
    for (const key of Object.values(labelledKeys)) {
      if (isObject(metadata) && Object.hasOwn(metadata, key)) {
        const message = `has a "${key}" in its metadata, where the set keeps its own`;
        problems.push({ path: '', message, mend: 'Give that member another name.' });
      }
    }
    const parsed = parseItem({ ...raw, inputs: inputs === undefined ? {} : inputs });
    if ('problems' in parsed) return { problems: [...problems, ...parsed.problems] };
    if (problems.length > 0) return { problems };
    const kept = { [labelledKeys.output]: output ?? null, [labelledKeys.label]: label ?? null };
    return { item: { ...parsed.item, metadata: { ...parsed.item.metadata, ...kept } } };
  };
}

// Which members there are is said once, with the first that is none.
const allMembers = ` Members are ${members.slice(0, -1).join(', ')} and ${members.at(-1) ?? ''}.`;

function mendOf(key: string): string {
  const word = singular(key.toLowerCase());
  const meant = members.find((each) => singular(each) === word);
  return meant === undefined ? 'Put it into metadata, or remove it.' : `Name it "${meant}".`;
}

const singular = (word: string): string => word.replace(/s$/, '');

const pathOf = (key: string): string =>
  /^[\w-]{1,100}$/.test(key) ? `.${key}` : `[${JSON.stringify(key.slice(0, 100))}]`;
