/** How a walk over many rows goes: a statement for each page, since over a million rows one would exceed its time. */
export interface Walking {
  /** Rows (items, of a walk over items) that one statement looks at. Default 5,000. */
  readonly pageSize?: number;
  /** Told after each page, how many were looked at or written. */
  readonly onProgress?: (rows: number) => void;
}

export const usualPage = 5_000;
