import type { DatasetItem } from '../../contracts/records.js';
import { replayTarget } from '../../core/calibration/replay.js';
import { AssayError, type Problem } from '../../core/errors/assay-error.js';
import type { Target } from '../../targets/port.js';

/** Looks whether items have the inputs that their target names. */
export interface InputCheck {
  /** How many were looked at. */
  readonly items: number;
  add(item: DatasetItem): void;
  /** @throws AssayError PROMPT_VARIABLE_MISSING, TARGET_VARIABLE_MISSING, LABELS_INVALID with all that items lack */
  throwIfMissing(): void;
}

/** Items that are named for each input; the others are counted. */
const mostNamed = 5;

export function createInputCheck(target: Target): InputCheck {
  const lacking = new Map<string, { count: number; readonly named: string[] }>();
  let items = 0;
  return {
    get items() {
      return items;
    },
    add(item) {
      items += 1;
      for (const name of target.missing(item.input, item.metadata)) {
        let entry = lacking.get(name);
        if (entry === undefined) lacking.set(name, (entry = { count: 0, named: [] }));
        entry.count += 1;
        if (entry.named.length < mostNamed) entry.named.push(item.id);
      }
    },
    throwIfMissing() {
      if (lacking.size === 0) return;
      const words = wording[wordsFor(target)];
      const problems = [...lacking].map(([name, { count, named }]): Problem => {
        const some = `${named.join(', ')}${count > named.length ? ', …' : ''}`;
        const message =
          count === items
            ? `no item has the ${words.what} "${name}"`
            : `${count} of ${items} items have no ${words.what} "${name}" (${some})`;
        return { at: words.at(name), message, mend: words.mend };
      });
      throw new AssayError(words.code, words.message(target.name), { problems });
    },
  };
}

const wordsFor = ({ name, identity }: Target): keyof typeof wording => {
  if (name === replayTarget) return 'replay';
  return identity.kind === 'http' ? 'http' : 'prompt';
};

const wording = {
  replay: {
    code: 'LABELS_INVALID',
    what: 'member',
    at: (name: string) => name,
    message: () => 'The dataset is no labelled set.',
    mend: 'Give each item its "output" and its "label" in datasets/<name>/labels.json, .jsonl or .csv.',
  },
  prompt: {
    code: 'PROMPT_VARIABLE_MISSING',
    what: 'input',
    at: (name: string) => `{{${name}}}`,
    message: (target: string) => `The prompt of "${target}" uses variables that items do not have.`,
    mend: 'Rename the variable in prompt.txt, or add the input to the items.',
  },
  http: {
    code: 'TARGET_VARIABLE_MISSING',
    what: 'input',
    at: (name: string) => `{{input.${name}}}`,
    message: (target: string) =>
      `The request body of "${target}" uses inputs that items do not have.`,
    mend: 'Correct the name in `body`, or add the input to the items (null where there is none).',
  },
} as const;
