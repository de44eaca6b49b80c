/** What is kept of the spans of users' code. Everything beyond is counted, and the cell's trace says so. */
export const traceLimits = {
  /** Spans of one cell. */
  spans: 500,
  /** Characters of one input, output or text; what is longer is cut, and the span says so. */
  fieldCharacters: 200_000,
  /** Attributes of one span that become its metadata. */
  metadataKeys: 100,
  metadataCharacters: 4_000,
  /** Characters of all spans of one cell; beyond it spans stand without their inputs, outputs and metadata. */
  cellCharacters: 2_000_000,
  /** The same of all attempts that are under way in a worker. */
  workerCharacters: 48_000_000,
} as const;
