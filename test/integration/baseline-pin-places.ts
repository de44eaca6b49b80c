/** Where a worker is killed inside a pin: at which statement, the how manieth, and whether before or after it. */
export const places = {
  'between two pages': { statement: 'into assay.baseline_cells', count: 1, after: true },
  'before the version counts': { statement: 'update assay.baselines', count: 1, after: false },
  'while the version begins to count': {
    statement: 'delete from assay.baseline_cells where baseline_id',
    count: 1,
    after: true,
  },
} as const;

export type Place = keyof typeof places;

export const isPlace = (text: string): text is Place => Object.hasOwn(places, text);
