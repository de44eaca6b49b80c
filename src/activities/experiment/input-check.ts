import type { DatasetItem } from '../../contracts/records.js';
import { AssayError, type Problem } from '../../core/errors/assay-error.js';
import type { Target } from '../../targets/port.js';

/** Looks whether items have the inputs that their target names. */
export interface InputCheck {
  /** How many were looked at. */
  readonly items: number;
  add(item: DatasetItem): void;
  /** @throws AssayError PROMPT_VARIABLE_MISSING, TARGET_VARIABLE_MISSING with each input that items lack */
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
      for (const name of target.missing(item.input)) {
        let entry = lacking.get(name);
        if (entry === undefined) lacking.set(name, (entry = { count: 0, named: [] }));
        entry.count += 1;
        if (entry.named.length < mostNamed) entry.named.push(item.id);
      }
    },
    throwIfMissing() {
      if (lacking.size === 0) return;
      const words = wording[target.identity.kind === 'http' ? 'http' : 'prompt'];
      const problems = [...lacking].map(([name, { count, named }]): Problem => {
        const some = `${named.join(', ')}${count > named.length ? ', …' : ''}`;
        const message =
          count === items
            ? `no item has the input "${name}"`
            : `${count} of ${items} items have no input "${name}" (${some})`;
        return { at: `{{${words.prefix}${name}}}`, message, mend: words.mend };
      });
      throw new AssayError(words.code, words.message(target.name), { problems });
    },
  };
}

const wording = {
  prompt: {
    code: 'PROMPT_VARIABLE_MISSING',
    prefix: '',
    message: (target: string) => `The prompt of "${target}" uses variables that items do not have.`,
    mend: 'Rename the variable in prompt.txt, or add the input to the items.',
  },
  http: {
    code: 'TARGET_VARIABLE_MISSING',
    prefix: 'input.',
    message: (target: string) =>
      `The request body of "${target}" uses inputs that items do not have.`,
    mend: 'Correct the name in `body`, or add the input to the items (null where there is none).',
  },
} as const;
