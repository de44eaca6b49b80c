/** All, apart from their schemas: the CLI names them in help texts. */
export const moveDirections = ['langsmith-to-langfuse', 'langfuse-to-langsmith'] as const;

/** What can be moved, in the order in which it is. */
export const moveParts = ['datasets', 'prompts', 'experiments', 'traces'] as const;
