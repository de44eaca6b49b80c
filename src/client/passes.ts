import type { PassKind, PassRecord } from '../contracts/pass.js';
import { countPassCells } from '../store/passes/pass-cells.js';
import { listPasses } from '../store/passes/pass-records.js';
import type { Store } from '../store/store.js';

/** Where a pass over a run stands. */
export interface PassProgress {
  readonly pass: number;
  readonly kind: PassKind;
  /** Cells that it runs or judges, and those that it has. */
  readonly cells: number;
  readonly done: number;
}

/** The passes over a run, and how far the one is that goes on. */
export async function passesOf(
  store: Store,
  experimentId: string,
): Promise<{ readonly passes: readonly PassRecord[]; readonly pass: PassProgress | undefined }> {
  const passes = await listPasses(store, experimentId);
  const open = passes.find(({ finishedAt }) => finishedAt === undefined);
  if (open === undefined) return { passes, pass: undefined };
  const { pass, kind, cells } = open;
  const { planned, pending } = await countPassCells(store, { experimentId, pass });
  return { passes, pass: { pass, kind, cells, done: planned - pending } };
}
