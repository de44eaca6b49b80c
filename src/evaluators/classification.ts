import type { ScoreRecord } from '../contracts/records.js';
import { AssayError } from '../core/errors/assay-error.js';
import { noLabel } from '../core/report/confusion-tally.js';
import { labelAt, type LabelRule } from '../core/report/label.js';
import { given, oneScore, type Building, type Built } from './building.js';
import { parseJson, partName, pathOption, readExpected } from './judged-value.js';
import { scoreComment, shown } from './score-text.js';

/**
 * The label that the output gives, against the one that the item expects, both at `path`. CATEGORICAL: the given label; passes
 * where it is the expected one; does not apply where none is expected. An output without a label there has `(no label)`.
 *
 * What it is for is the whole run: accuracy, macro-F1, precision, recall and F1 of each label and the confusion matrix stand in
 * the report and are published as scores of the run (core/evaluation/classification.ts has the formulas).
 */
export function buildClassification({ name, config }: Building<'classification'>): Built {
  const { path, ignoreCase, trim, required } = config;
  const rule: LabelRule = { path: path ?? '', ignoreCase, trim };
  return oneScore({
    name,
    required,
    identity: {
      name,
      kind: config.kind,
      required,
      options: { ...pathOption(path), ...given({ ignoreCase, trim }) },
    },
    evaluate({ output, expected }) {
      const wanted = readExpected(expected, path);
      if (wanted === undefined || wanted === null) return [];
      const label = labelAt(expected, rule);
      if (label === undefined || label === '') {
        throw new AssayError(
          'EVALUATOR_INPUT_INVALID',
          `"${name}" needs a label of at most 60 characters as the expected value, not ${shown(wanted)}.`,
          { mend: 'Point `path` at the label in output and expected value.' },
        );
      }
      const json = typeof output === 'string' && path !== undefined ? parseJson(output) : output;
      const found = labelAt(json, rule);
      const got = found === undefined || found === '' ? noLabel : found;
      const passed = got === label;
      const score: ScoreRecord = {
        name,
        evaluator: name,
        value: { type: 'CATEGORICAL', value: got },
        passed,
        comment: scoreComment({
          reasoning: `Expected ${shown(label)}, got ${shown(got)} at ${partName(path)}.`,
          // The expected label stands alone in one of the two: the figures of the run are counted from it.
          [passed ? 'passed' : 'failed']: [label],
        }),
      };
      return [score];
    },
  });
}
