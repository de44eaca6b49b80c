import { AssayError } from '../../../core/errors/assay-error.js';
import { forEachBounded } from '../../http/bounded.js';
import type { OutboundExport } from '../../port.js';
import { patientReads } from '../patient-reads.js';
import type { Rest } from '../rest.js';
import type { ExportLook, ExportLooks } from './export-looks.js';
import { findLinks } from './find-links.js';
import { findScores, observationIds } from './read-back.js';
import { runItemsOf } from './run-item.js';

/** Requests at a time. */
const width = 4;
/** Times that one request of a look is made. */
const tries = 3;

/**
 * Which of an export's ids the platform shows. Spans are looked for by their trace, trace by trace, no further than to the first
 * that lacks one: the API cannot be asked for an export, and what is sent again replaces itself there. A root counts as
 * there once its trace is in its run as well.
 *
 * @throws AssayError PLATFORM_UNREACHABLE, to be asked again at once, where the time was too short and the next look goes on.
 */
export async function findExport(
  impatient: Rest,
  batch: OutboundExport,
  on: { readonly looks: ExportLooks; readonly signal: AbortSignal },
): Promise<ReadonlySet<string>> {
  // A request for each trace: where one in twenty fails, no look at 100 of them would ever come to its end.
  const rest = patientReads(impatient, tries);
  if (batch.kind === 'scores') return findScores(rest, batch, on.signal);
  const look = on.looks.open(batch);
  const before = progressOf(look);
  try {
    const found = await findSpans(rest, batch, { look, signal: on.signal });
    if (batch.records.every(({ ids }) => ids.every((id) => found.has(id)))) {
      on.looks.forget(batch.exportId);
    }
    return found;
  } catch (error) {
    if (!on.signal.aborted || progressOf(look) === before || !AssayError.is(error)) throw error;
    throw new AssayError(
      'PLATFORM_UNREACHABLE',
      `Langfuse at ${rest.baseUrl} has not shown all of an export yet; the next look goes on where this one ended.`,
      { retryAfterMs: 0, cause: error },
    );
  }
}

async function findSpans(
  rest: Rest,
  batch: OutboundExport,
  { look, signal }: { readonly look: ExportLook; readonly signal: AbortSignal },
): Promise<ReadonlySet<string>> {
  const { whole, search, unlinked } = look;
  const found = new Set<string>();
  let lacking = false;
  await forEachBounded(batch.records, width, async ({ rowId, traceId, ids }) => {
    if (lacking && !whole.has(rowId)) return;
    const there = whole.has(rowId) ? new Set(ids) : await observationIds(rest, traceId, signal);
    const own = ids.filter((id) => there.has(id));
    for (const id of own) found.add(id);
    if (own.length === ids.length) whole.add(rowId);
    else lacking = true;
  });
  const items = runItemsOf(batch);
  const settled = batch.settledTry !== undefined;
  // Before that, only what may be found at all; after it, whoever sends the rest must know of each.
  const asked = settled ? items : items.filter(({ rowId }) => whole.has(rowId));
  await findLinks(rest, asked, { search, signal });
  for (const { traceId, rootId } of items) {
    if (search.linked.has(traceId)) continue;
    found.delete(rootId);
    if (settled) unlinked.add(traceId);
  }
  // More may appear, so the next look reads them again.
  if (!settled) search.positions.clear();
  return found;
}

/** Grows with each answer that a look got. */
function progressOf({ whole, search }: ExportLook): number {
  const pages = [...search.positions.values()].map(({ reading, page }) => reading * 1e9 + page);
  return whole.size + pages.reduce((sum, each) => sum + each, 0);
}
