import { setTimeout as wait } from 'node:timers/promises';

import { AssayError } from '../../../core/errors/assay-error.js';
import type { OutboundExport, RefusedRecord, SendOutcome } from '../../port.js';
import { forEachBounded } from '../../http/bounded.js';
import { errorKind, isVerdict, serverMessage } from '../errors.js';
import { isJson } from '../../http/answer-text.js';
import { patientReads } from '../patient-reads.js';
import type { Rest, RestCall } from '../rest.js';
import { retryAfterMs } from '../../http/retry-after.js';
import type { HttpAnswer } from '../../http/transport.js';
import { runItemMade } from './answers.js';
import type { ExportLook, ExportLooks } from './export-looks.js';
import { byRun, findLinks, newLinkSearch } from './find-links.js';
import type { RunIds } from './run-ids.js';
import type { RunItem } from './run-item.js';

/** Links at a time: each is a request of its own, and an export of 100 cells has seconds for all of them. */
const width = 8;
/** A clean "later" that is longer than this ends the try. */
const longestWaitMs = 3_000;
const tries = 3;
/** A look that fails costs the whole try. */
const tryReads = 3;
/** Links in a row without an answer after which the server is taken for away: the rest would only wait for its deadline. */
const silence = 2 * width;

export interface Linking {
  readonly rest: Rest;
  readonly runIds: RunIds;
  readonly looks: ExportLooks;
  readonly signal: AbortSignal;
  readonly mayLeave: (() => boolean) | undefined;
}

/**
 * Puts the traces of an export that was accepted into their runs, each once: a second try looks first which of them stand there.
 * A first one need not, since what it links was never sent before.
 *
 * A link that gets no clear answer keeps no other back: where one request in twenty fails, an export of 100 cells would else get
 * a few links further with each try, and there are tens of seconds between two tries.
 *
 * Spans that stand there without their link make the outcome ambiguous: the export is then asked for like any other, and the roots of
 * those that are in no run count as missing. So a worker that is killed between the two leaves nothing that is not found again.
 */
export async function linkTraces(
  batch: OutboundExport,
  items: readonly RunItem[],
  on: Linking,
): Promise<SendOutcome> {
  try {
    const look = on.looks.find(batch);
    const there = batch.again === true ? await linkedOf(items, { ...on, look }) : new Set<string>();
    const open = items.filter(({ traceId }) => !there.has(traceId));
    const refused: RefusedRecord[] = [];
    let failure: unknown;
    let failedInARow = 0;
    const link = async (item: RunItem): Promise<void> => {
      if (failedInARow >= silence) return;
      // From here on nobody knows, until it was looked for once more.
      look?.unlinked.delete(item.traceId);
      try {
        const reason = await linkTrace(item, on);
        if (reason === undefined) look?.search.linked.add(item.traceId);
        else refused.push({ rowId: item.rowId, id: item.rootId, reason });
        failedInARow = 0;
      } catch (error) {
        failure ??= error;
        // Nothing leaves any more, or nobody would be let in.
        const isOver = on.signal.aborted || on.mayLeave?.() === false || isRefusedKey(error);
        failedInARow = isOver ? silence : failedInARow + 1;
      }
    };
    for (const ofRun of byRun(open)) {
      const left = [...ofRun];
      // The first one makes the run, and two that do so at once can be in each other's way.
      for (let first = left[0]; first !== undefined && !isMade(first, on); first = left[0]) {
        left.shift();
        await link(first);
      }
      await forEachBounded(left, width, link);
    }
    return failure === undefined ? { outcome: 'accepted', refused } : unlinked(failure);
  } catch (error) {
    return unlinked(error);
  }
}

/**
 * The traces of these that stand in their run: as the search said that came before this try, else by one of its own, which of a
 * large run may not end in time. What is left is then looked for with more patience.
 */
async function linkedOf(
  items: readonly RunItem[],
  { rest, look, signal }: Pick<Linking, 'rest' | 'signal'> & { look: ExportLook | undefined },
): Promise<ReadonlySet<string>> {
  const isKnown = ({ traceId }: RunItem): boolean =>
    look?.unlinked.has(traceId) === true || look?.search.linked.has(traceId) === true;
  if (look !== undefined && items.every(isKnown)) return look.search.linked;
  const search = newLinkSearch();
  await findLinks(patientReads(rest, tryReads), items, { search, signal });
  return search.linked;
}

const isMade = (item: RunItem, { runIds }: Linking): boolean => runIds.get(item) !== undefined;

const isRefusedKey = (error: unknown): boolean =>
  AssayError.is(error) && error.code === 'PLATFORM_UNAUTHORIZED';

function unlinked(error: unknown): SendOutcome {
  const reason = AssayError.is(error) ? error.message : nameOf(error);
  return { outcome: 'ambiguous', reason: `traces that are in no run yet: ${reason}` };
}

/** @returns why the server refuses the link for good; undefined where it stands. */
async function linkTrace(item: RunItem, on: Linking): Promise<string | undefined> {
  const { rest, runIds, signal, mayLeave } = on;
  const { runName, description, metadata, datasetItemId, traceId } = item;
  const call: RestCall = {
    method: 'POST',
    path: '/api/public/dataset-run-items',
    body: { runName, runDescription: description, metadata, datasetItemId, traceId },
    what: 'the link of a trace to its run',
    signal,
    ...(mayLeave === undefined ? {} : { mayLeave }),
  };
  for (let attempt = 1; ; attempt += 1) {
    const answer = await rest.answer(call);
    const pause =
      answer.status === 429 ? retryAfterMs(answer.header('retry-after'), Date.now()) : 0;
    if (answer.status === 429 && attempt < tries && pause <= longestWaitMs) {
      await wait(pause, undefined, { signal });
      continue;
    }
    if (isRefusal(answer)) return `its run: ${answer.status}: ${serverMessage(answer)}`;
    const { datasetRunId } = rest.parse(answer, call, runItemMade);
    runIds.set(item, datasetRunId);
    return undefined;
  }
}

// The item was archived or deleted meanwhile, or the server takes none of it: its own word, and no proxy's.
function isRefusal(answer: HttpAnswer): boolean {
  if (answer.status === 404) return errorKind(answer) === 'LangfuseNotFoundError';
  return answer.status === 400 && isJson(answer.text) && isVerdict(answer);
}

const nameOf = (error: unknown): string =>
  error instanceof Error ? error.name : 'unknown failure';
