/** What `diff` ends with where git and a platform differ: an outcome, as 10 and 11 are of a gate, and no error's code. */
export const driftExit = 12;
