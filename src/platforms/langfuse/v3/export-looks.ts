import type { OutboundExport } from '../../port.js';
import { newLinkSearch, type LinkSearch } from './find-links.js';

/**
 * What was learned of an export, over all looks at it. A look has seconds, and the server is asked trace by trace and reads the
 * links of a run page by page: of a large run, or from a slow server, one look never sees all, and a look that begins anew each
 * time would hold up the publisher for ever.
 */
export interface ExportLook {
  readonly ofTry: string | undefined;
  /** Rows whose spans all stand there. */
  readonly whole: Set<string>;
  readonly search: LinkSearch;
  /** Traces that certainly stand in no run: nobody tried since all of the run's links were read. */
  readonly unlinked: Set<string>;
}

export interface ExportLooks {
  /** What is known of an export with regard to its last try; begun anew where another try came between. */
  open(batch: OutboundExport): ExportLook;
  /** The same, where a search for all of its links has ended. */
  find(batch: OutboundExport): ExportLook | undefined;
  forget(exportId: string): void;
}

/** A look that nobody went on with for so long is begun anew: another worker may have settled the export meanwhile. */
const keptMs = 600_000;
/** Few exports are unclear at a time: one per publisher that was killed. */
const mostKept = 100;

export function createExportLooks(): ExportLooks {
  const looks = new Map<string, ExportLook & { usedAt: number }>();
  const recent = (exportId: string) => {
    const look = looks.get(exportId);
    return look === undefined || performance.now() - look.usedAt > keptMs ? undefined : look;
  };
  return {
    open({ exportId, settledTry }) {
      const before = recent(exportId);
      if (before !== undefined && before.ofTry === settledTry) {
        before.usedAt = performance.now();
        return before;
      }
      const look = {
        usedAt: performance.now(),
        ofTry: settledTry,
        // Spans that were seen while more could still appear are there; links have to be read to their end once more.
        whole:
          before?.ofTry === undefined ? (before?.whole ?? new Set<string>()) : new Set<string>(),
        search: newLinkSearch(),
        unlinked: new Set<string>(),
      };
      looks.set(exportId, look);
      const [oldest] = looks.keys();
      if (looks.size > mostKept && oldest !== undefined) looks.delete(oldest);
      return look;
    },
    find({ exportId, settledTry }) {
      const look = recent(exportId);
      return settledTry !== undefined && look?.ofTry === settledTry ? look : undefined;
    },
    forget: (exportId) => void looks.delete(exportId),
  };
}
