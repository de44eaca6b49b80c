/** Datasets as the platforms keep them. One implementation per platform; nothing here retries (durability 5). */
import type { DatasetItem } from '../contracts/records.js';
import type { FieldKeys } from '../core/dataset/item-fields.js';
import type { JsonObject } from '../core/json/json.js';

export interface DatasetSummary {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
  readonly metadata: JsonObject;
  /** JSON schemas that the platform holds its items to. */
  readonly inputSchema?: JsonObject;
  readonly expectedSchema?: JsonObject;
  readonly createdAt?: string;
  /** Items that are not archived; absent where the platform does not say it in passing (see `count`). */
  readonly items?: number;
}

/** An item as it stands on a platform. */
export interface PlatformItem {
  /** The platform's own id. */
  readonly platformId: string;
  /** `id` is the external key, where the platform holds one; else the platform's own id. */
  readonly item: DatasetItem;
  readonly splits: readonly string[];
  readonly archived: boolean;
  readonly updatedAt?: string;
}

/** An item as it is to stand there. */
export interface ItemToWrite {
  readonly item: DatasetItem;
  readonly splits?: readonly string[];
  /** Whether an item of this id may stand there already. Default: it may. */
  readonly replaces?: boolean;
}

/** What requests that wrote came to. */
export interface Written {
  /** All that were sent, looks at what stands included. */
  readonly requests: number;
  /** ISO 8601, by the platform's clock: when the last of them stood. Absent where the platform does not say. */
  readonly lastChange?: string;
}

export interface WriteItems {
  readonly dataset: { readonly id: string; readonly name: string };
  readonly items: readonly ItemToWrite[];
  readonly signal: AbortSignal;
  /** Told after each request that wrote: how many items stand there now. */
  readonly onProgress?: (written: number) => void;
}

/** All methods throw AssayError (PLATFORM_*). */
export interface PlatformDatasets {
  list(signal: AbortSignal): AsyncIterable<readonly DatasetSummary[]>;
  /** Undefined where there is none. */
  get(name: string, signal: AbortSignal): Promise<DatasetSummary | undefined>;
  /** Makes sure of the dataset; an equal one is left alone, fields that are not given keep their values. */
  ensure(
    dataset: {
      readonly name: string;
      readonly description?: string;
      readonly metadata?: JsonObject;
      readonly inputSchema?: JsonObject;
      readonly expectedSchema?: JsonObject;
    },
    signal: AbortSignal,
  ): Promise<DatasetSummary & { readonly created: boolean }>;
  /** Pages of items that are not archived, as they stood at `version` (ISO 8601; default now). */
  items(request: {
    readonly dataset: string;
    readonly version?: string;
    /** So many items are known already and may be passed over: a multiple of a page. Default 0. */
    readonly from?: number;
    readonly signal: AbortSignal;
  }): AsyncIterable<readonly PlatformItem[]>;
  /** How many items stand there, in one request; absent where that cannot be asked. */
  count?(request: {
    readonly dataset: string;
    readonly version?: string;
    readonly signal: AbortSignal;
  }): Promise<number>;
  /**
   * Writes all of them, whatever stands there: the caller has compared. Ids there are derived from dataset and external key, so
   * that a repeated write is the same item.
   */
  writeItems(request: WriteItems): Promise<{ readonly written: number } & Written>;
  /** Archives items, or takes them out of the dataset's newest version where the platform knows no archive. */
  archiveItems(request: {
    readonly dataset: { readonly id: string; readonly name: string };
    readonly items: readonly Pick<PlatformItem, 'platformId'>[];
    readonly signal: AbortSignal;
    readonly onProgress?: (archived: number) => void;
  }): Promise<{ readonly archived: number } & Written>;
  /** The id that an item has there. Absent: items are found by their external key alone. */
  platformId?(dataset: { readonly id: string; readonly name: string }, item: DatasetItem): string;
  /**
   * By what two items are compared, field by field: equal for an item as it is sent and as it comes back. Default: the
   * canonical JSON of each field.
   */
  fieldKeys?(item: ItemToWrite): FieldKeys;
  /** The largest item that it takes, in bytes of its JSON. Absent: as large as a file may hold. */
  readonly largestItem?: number;
  /** How many items one request writes at most. */
  readonly itemsPerRequest: number;
  url(projectId: string, datasetId: string): string;
}
