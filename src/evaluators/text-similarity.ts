import type { ScoreRecord } from '../contracts/records.js';
import type { ComparedTexts } from './judged-text.js';
import { partName } from './judged-value.js';
import { numberScore, reaches, scoreComment, shown, shownNumber } from './score-text.js';

/** The score of an evaluator that says how similar the output is to the nearest of the expected texts. */
export function similarityScore(of: {
  readonly name: string;
  readonly path: string | undefined;
  readonly passAt: number | undefined;
  readonly texts: ComparedTexts;
  /** The nearest text; undefined where the output has nothing to compare, which scores 0. */
  readonly best:
    { readonly text: string; readonly value: number; readonly detail?: string } | undefined;
}): readonly ScoreRecord[] {
  const { name, path, passAt, texts, best } = of;
  const value = best?.value ?? 0;
  const passed = passAt === undefined ? undefined : reaches(value, passAt);
  const reasoning =
    best === undefined
      ? texts.missing
      : `${shownNumber(value)}${best.detail ?? ''} for ${shown(texts.actual ?? '')} against ${shown(best.text)}.`;
  const part = [partName(path)];
  const comment = scoreComment({
    reasoning,
    passed: passed === true ? part : [],
    failed: passed === false ? part : [],
  });
  return [numberScore({ evaluator: name, value, passed, comment })];
}
