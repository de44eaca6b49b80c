/**
 * The versions of our own code that decides results: they are part of every manifest, so that a release that judges or asks
 * differently is another identity and not the same run with other figures. Whoever changes what an evaluator says of
 * the same input, or what a target sends for it, raises the number here. A test holds the behaviour of each against
 * recorded values and fails where one changed under the same number.
 */
export const evaluatorImplementations = {
  exact_match: 1,
  contains: 1,
  regex: 1,
  json_schema: 1,
  llm_judge: 2,
  llm_pairwise: 1,
  function: 1,
  normalised_match: 1,
  numeric_match: 1,
  levenshtein: 1,
  rouge_l: 1,
  embedding_similarity: 1,
  length: 1,
  refusal: 1,
  json_valid: 1,
  json_diff: 1,
  tool_calls: 1,
  latency: 1,
  cost: 1,
  retrieval: 1,
  classification: 1,
  http: 1,
  scorer: 1,
  composite: 2,
} as const;

/** The same for what builds the requests of targets. */
export const targetImplementations = { prompt: 1, http: 1 } as const;
