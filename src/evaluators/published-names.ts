import type { EvaluatorConfig } from '../contracts/config.js';

/** Names of scores that a run as a whole gets from an evaluator, besides those of its cells' scores. */
export interface PublishedNames {
  readonly names: readonly string[];
  /** Beginnings of names that only the data know. */
  readonly prefixes: readonly string[];
}

/** What is published of an evaluator on the run as a whole: quality of classification, and agreement with anchors. */
export function publishedNames(name: string, config: EvaluatorConfig): PublishedNames {
  const isAnchored =
    'anchors' in config && (config.anchors !== undefined || config.anchorsFile !== undefined);
  return {
    names: [
      ...(config.kind === 'classification' ? [`${name}.accuracy`, `${name}.macro_f1`] : []),
      ...(isAnchored ? [`${name}.anchors`] : []),
    ],
    prefixes: config.kind === 'classification' ? [`${name}.f1.`] : [],
  };
}

/** Whether a score's name is one of those. */
export const isPublished = ({ names, prefixes }: PublishedNames, score: string): boolean =>
  names.includes(score) || prefixes.some((prefix) => score.startsWith(prefix));
