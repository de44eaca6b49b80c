const units = ['kB', 'MB', 'GB', 'TB'] as const;

/** Bytes as people say them, in powers of ten: `512 B`, `1.2 MB`, `340 GB`. */
export function bytesText(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  let size = bytes;
  let unit = 'B';
  for (const next of units) {
    if (size < 999.5) break;
    size /= 1_000;
    unit = next;
  }
  return `${size < 9.95 ? size.toFixed(1) : Math.round(size)} ${unit}`;
}
