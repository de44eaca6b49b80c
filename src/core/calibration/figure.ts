import type { Figure } from '../../contracts/report/anchors.js';

export type { Figure };

export const none = (because: string): Figure => ({ value: null, because });
