import type { EvaluatorConfig } from '../contracts/config.js';
import type { Building, Built } from './building.js';
import { buildClassification } from './classification.js';
import { buildComposite } from './composite.js';
import { buildContains } from './contains.js';
import { buildCost } from './cost.js';
import { buildEmbeddingSimilarity } from './embedding-similarity.js';
import { buildExactMatch } from './exact-match.js';
import { buildFunction } from './function-evaluator.js';
import { buildHttp } from './http-evaluator.js';
import { buildJsonDiff } from './json-diff.js';
import { buildJsonSchema } from './json-schema.js';
import { buildJsonValid } from './json-valid.js';
import { buildLatency } from './latency.js';
import { buildLength } from './length.js';
import { buildLevenshtein } from './levenshtein.js';
import { buildJudge } from './llm-judge.js';
import { buildPairwise } from './llm-pairwise.js';
import { buildNormalisedMatch } from './normalised-match.js';
import { buildNumericMatch } from './numeric-match.js';
import { buildRefusal } from './refusal.js';
import { buildRegex } from './regex.js';
import { buildRetrieval } from './retrieval.js';
import { buildRougeL } from './rouge-l.js';
import { buildScorer } from './scorer.js';
import { buildToolCalls } from './tool-calls.js';

type Around = Omit<Building<EvaluatorConfig['kind']>, 'config'>;

/** Builds the evaluator of a config, by its kind: the one place that knows all kinds. */
export function buildKind(config: EvaluatorConfig, around: Around): Built | Promise<Built> {
  switch (config.kind) {
    case 'exact_match':
      return buildExactMatch({ ...around, config });
    case 'normalised_match':
      return buildNormalisedMatch({ ...around, config });
    case 'numeric_match':
      return buildNumericMatch({ ...around, config });
    case 'contains':
      return buildContains({ ...around, config });
    case 'regex':
      return buildRegex({ ...around, config });
    case 'json_valid':
      return buildJsonValid({ ...around, config });
    case 'json_schema':
      return buildJsonSchema({ ...around, config });
    case 'json_diff':
      return buildJsonDiff({ ...around, config });
    case 'levenshtein':
      return buildLevenshtein({ ...around, config });
    case 'rouge_l':
      return buildRougeL({ ...around, config });
    case 'embedding_similarity':
      return buildEmbeddingSimilarity({ ...around, config });
    case 'tool_calls':
      return buildToolCalls({ ...around, config });
    case 'length':
      return buildLength({ ...around, config });
    case 'latency':
      return buildLatency({ ...around, config });
    case 'cost':
      return buildCost({ ...around, config });
    case 'refusal':
      return buildRefusal({ ...around, config });
    case 'retrieval':
      return buildRetrieval({ ...around, config });
    case 'classification':
      return buildClassification({ ...around, config });
    case 'composite':
      return buildComposite({ ...around, config });
    case 'llm_judge':
      return buildJudge({ ...around, config });
    case 'llm_pairwise':
      return buildPairwise({ ...around, config });
    case 'http':
      return buildHttp({ ...around, config });
    case 'scorer':
      return buildScorer({ ...around, config });
    case 'function':
      return buildFunction({ ...around, config });
  }
}
