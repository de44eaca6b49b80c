import type { TraceView } from '../../contracts/trace-view.js';
import type { OutboundExport, PlatformPage, PlatformRun } from '../port.js';
import type { Rest } from './rest.js';
import type { ExportLooks } from './v3/export-looks.js';
import * as findExport3 from './v3/find-export.js';
import type { RunIds } from './v3/run-ids.js';
import * as readBack3 from './v3/read-back.js';
import * as runs3 from './v3/runs.js';
import * as trace3 from './v3/trace.js';
import * as readBack4 from './v4/read-back.js';
import * as runs4 from './v4/runs.js';
import * as trace4 from './v4/trace.js';

/** What is read in another way on each generation of the server. */
interface ReadApi {
  readonly prepareRun: (rest: Rest, request: runs4.RunRequest) => Promise<PlatformRun>;
  readonly findExport: (
    rest: Rest,
    batch: OutboundExport,
    on: { readonly looks: ExportLooks; readonly signal: AbortSignal },
  ) => Promise<ReadonlySet<string>>;
  readonly readBackSpans: (
    rest: Rest,
    request: {
      readonly run: PlatformRun;
      readonly runUid: string;
      readonly from: string;
      readonly signal: AbortSignal;
    },
  ) => AsyncIterable<PlatformPage>;
  readonly readBackScores: (rest: Rest, request: ScoresRequest) => AsyncIterable<PlatformPage>;
  readonly readTrace: (
    rest: Rest,
    traceId: string,
    request: {
      readonly traceUrl: (projectId: string, traceId: string) => string;
      readonly signal: AbortSignal;
    },
  ) => Promise<TraceView>;
}

interface ScoresRequest {
  readonly run: PlatformRun;
  readonly scoreIds?: readonly string[];
  readonly traceIds?: readonly string[];
  readonly runIds?: readonly string[];
  readonly environment: string;
  readonly from: string;
  /** Ids of runs that a v3 server gave, as far as they are known. */
  readonly known: RunIds;
  readonly signal: AbortSignal;
}

export const readApis: Readonly<Record<'v4' | 'v3', ReadApi>> = {
  v4: {
    prepareRun: runs4.prepareRun,
    findExport: (rest, batch, { signal }) => readBack4.findExport(rest, batch, signal),
    readBackSpans: readBack4.readBackSpans,
    readBackScores: readBack4.readBackScores,
    readTrace: trace4.readTrace,
  },
  v3: {
    prepareRun: runs3.prepareRun,
    findExport: findExport3.findExport,
    readBackSpans: readBack3.readBackSpans,
    readBackScores: readBack3.readBackScores,
    readTrace: trace3.readTrace,
  },
};
