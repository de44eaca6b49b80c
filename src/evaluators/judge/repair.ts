import { AssayError } from '../../core/errors/assay-error.js';
import type { ChatAnswer, ChatMessage, ChatRequest, ModelCaller } from '../../models/port.js';
import { cut } from '../score-text.js';

/** How much of an answer that cannot be read goes back to the judge, and into the error; the journal keeps it whole. */
const longestShown = 4_000;

/** What a judge is told whose answer could not be read; `{why}` stands for the reason. Part of the prompt's hash. */
export const repairText = `Your answer cannot be used: {why}. Give your verdict again on the same case, in the form that you were told: one JSON object, complete, with nothing before or after it. Keep each reasoning to one short sentence. Do not change what you think of the case.`;

/** The part of an answer that a verdict is read from. */
export type ReadableAnswer = Pick<ChatAnswer, 'text' | 'json' | 'finishReason'>;

/**
 * Asks a judge, and once more where its answer is no verdict, with what was wrong with it. Both are calls of their own in the
 * journal: the second is another request. A third would be asking until the answer pleases.
 *
 * @param read throws JUDGE_VERDICT_INVALID.
 * @throws AssayError JUDGE_VERDICT_INVALID with both answers, MODEL_*
 */
export async function askWithRepair<Verdict>(
  ask: {
    readonly models: ModelCaller;
    readonly request: ChatRequest;
    readonly signal: AbortSignal;
  },
  read: (answer: ReadableAnswer) => Verdict,
): Promise<Verdict> {
  const { models, request, signal } = ask;
  const answer = await models.chat({ ...request, signal });
  const first = attempt(read, answer);
  if ('verdict' in first) return first.verdict;
  // What the provider withheld it withholds again; asking in other words would be a way around its filter.
  if (answer.finishReason === 'content_filter') throw withAnswers(first.error, [answer]);
  const repair = repairRequest(request, { answer, why: first.error.message });
  const repaired = await models.chat({ ...repair, signal });
  const second = attempt(read, repaired);
  if ('verdict' in second) return second.verdict;
  throw withAnswers(second.error, [answer, repaired]);
}

function attempt<Verdict>(
  read: (answer: ReadableAnswer) => Verdict,
  answer: ChatAnswer,
): { readonly verdict: Verdict } | { readonly error: AssayError } {
  try {
    return { verdict: read(answer) };
  } catch (error) {
    if (AssayError.is(error) && error.code === 'JUDGE_VERDICT_INVALID') return { error };
    throw error;
  }
}

function repairRequest(
  request: ChatRequest,
  { answer, why }: { readonly answer: ChatAnswer; readonly why: string },
): ChatRequest {
  // Providers refuse an empty turn.
  const said = answer.text.trim() === '' ? '(no text)' : cut(answer.text, longestShown);
  const messages: readonly ChatMessage[] = [
    ...request.messages,
    { role: 'assistant', content: said },
    { role: 'user', content: repairText.replace('{why}', () => why.replace(/\.$/, '')) },
  ];
  return { ...request, messages };
}

/** The error with what the judge said, so that whoever looks at the cell need not search the trace for it. */
function withAnswers(error: AssayError, answers: readonly ChatAnswer[]): AssayError {
  const [only] = answers;
  const once = answers.length === 1 && only !== undefined;
  return new AssayError(
    'JUDGE_VERDICT_INVALID',
    once ? error.message : `${error.message} It was asked twice.`,
    {
      problems: answers.map(({ text }, at) => ({
        at: at === 0 ? 'answer' : 'repaired answer',
        message: text.trim() === '' ? '(no text)' : cut(text, longestShown),
      })),
      ...(error.mend === undefined ? {} : { mend: error.mend }),
    },
  );
}
