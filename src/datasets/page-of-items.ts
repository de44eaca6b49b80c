import { pageBytes, pageItems, type PlacedItem } from './port.js';

/** Gathers items into pages of bounded count and size. */
export interface PageOfItems {
  /** @returns the page that is full with this item, if it is. */
  add(item: PlacedItem, bytes: number): readonly PlacedItem[] | undefined;
  /** What is left. */
  rest(): readonly PlacedItem[];
}

export function createPageOfItems(most: number = pageItems): PageOfItems {
  let items: PlacedItem[] = [];
  let held = 0;
  const take = (): readonly PlacedItem[] => {
    const page = items;
    items = [];
    held = 0;
    return page;
  };
  return {
    add(item, bytes) {
      items.push(item);
      held += bytes;
      return items.length >= most || held >= pageBytes ? take() : undefined;
    },
    rest: take,
  };
}
