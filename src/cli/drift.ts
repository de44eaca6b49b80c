/** The exit code where git and a platform differ. As those of a gate, 10 and 11: an outcome, not an error. */
export const driftExitCode = 12;
