/**
 * Stands in a folder while a pull puts its files there, one after the other: a kill in between leaves some of them new and others
 * old, which nobody must push or run. The next pull takes it away.
 */
export const pullMark = '.assay-pull';
