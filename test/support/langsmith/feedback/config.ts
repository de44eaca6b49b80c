import { zonedIso } from '../clock.js';
import type { Context } from '../context.js';
import type { ObjectMap } from '../http/validate.js';
import type { Workspace } from '../workspace.js';

/** What the values of a key mean. */
export interface FeedbackConfig {
  readonly key: string;
  readonly config: ObjectMap;
  readonly isLowerScoreBetter: boolean;
  readonly modifiedAt: number;
}

/** The key's configuration; a key that is seen for the first time gets one. */
export function configFor(
  { clock }: Context,
  { feedbackConfigs }: Workspace,
  { key, config }: { readonly key: string; readonly config: ObjectMap | undefined },
): FeedbackConfig {
  const known = feedbackConfigs.get(key);
  if (known !== undefined) return known;
  const made: FeedbackConfig = {
    key,
    config: config ?? { type: 'continuous', min: null, max: null, categories: null },
    isLowerScoreBetter: false,
    modifiedAt: clock.now(),
  };
  feedbackConfigs.set(key, made);
  return made;
}

export function configView(workspace: Workspace, config: FeedbackConfig): ObjectMap {
  return {
    feedback_key: config.key,
    feedback_config: config.config,
    tenant_id: workspace.id,
    modified_at: zonedIso(config.modifiedAt),
    is_lower_score_better: config.isLowerScoreBetter,
  };
}
