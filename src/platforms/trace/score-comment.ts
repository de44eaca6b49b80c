import type { ScoreComment } from '../../contracts/records.js';
import type { FieldText, FieldTexts } from './field-text.js';

// Rebuilt in one order, so that equal comments give equal bytes; once, so that its size is measured once.
export function ordered(comment: ScoreComment | undefined) {
  if (comment === undefined) return undefined;
  const { score, passed_items, failed_items, undecided_items, reasoning, suggestions } = comment;
  const { judge } = comment;
  return {
    ...(score === undefined ? {} : { score }),
    passed_items,
    failed_items,
    ...(undecided_items === undefined ? {} : { undecided_items }),
    reasoning,
    suggestions,
    ...(judge === undefined
      ? {}
      : {
          judge: {
            model: judge.model,
            prompt: judge.prompt,
            ...(judge.orders === undefined ? {} : { orders: judge.orders }),
          },
        }),
  };
}

export interface CommentPlace {
  readonly comment: ReturnType<typeof ordered>;
  readonly texts: FieldTexts;
  readonly bytes: number;
}

/** The comment as JSON text whose parts are cut where needed, so that it stays JSON; empty for none. */
export function commentText({ comment, texts, bytes }: CommentPlace): Omit<FieldText, 'json'> {
  if (comment === undefined) return { text: '', cut: false, sanitised: false };
  const whole = texts.text(comment, bytes);
  if (!whole.cut) return whole;
  // Half for the reasoning, the rest for the lists' first entries.
  const each = Math.floor(bytes / 40);
  const few = (list: readonly string[]) =>
    list.slice(0, 5).map((entry) => texts.text(entry, each).text);
  const { undecided_items } = comment;
  const text = JSON.stringify({
    ...comment,
    passed_items: few(comment.passed_items),
    failed_items: few(comment.failed_items),
    ...(undecided_items === undefined ? {} : { undecided_items: few(undecided_items) }),
    reasoning: texts.text(comment.reasoning, Math.floor(bytes / 2)).text,
    suggestions: few(comment.suggestions),
  });
  return { text, cut: true, sanitised: whole.sanitised };
}
