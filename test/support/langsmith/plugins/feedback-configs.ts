import { z } from 'zod';

import type { Context, Plugin } from '../context.js';
import type { FeedbackConfig } from '../feedback/config.js';
import { configView } from '../feedback/config.js';
import { notFound, refusal } from '../http/errors.js';
import type { Call, Reply } from '../http/exchange.js';
import { ok } from '../http/exchange.js';
import { listReply } from '../http/page.js';
import { objectMap, pageQuery, parseBody, parseQuery } from '../http/validate.js';
import { contains } from '../matching.js';

const bodySchema = z.object({
  feedback_key: z.string().min(1),
  feedback_config: objectMap.nullish(),
  is_lower_score_better: z.boolean().nullish(),
});

export const feedbackConfigs: Plugin = (context) => [
  {
    path: '/feedback-configs',
    methods: {
      POST: (call) => create(context, call),
      PATCH: (call) => update(context, call),
      GET: list,
      DELETE: ({ workspace, query }) => {
        const { feedback_key: key } = parseQuery(z.object({ feedback_key: z.string() }), query);
        if (!workspace.feedbackConfigs.delete(key)) throw notFound('Feedback config not found');
        return ok({});
      },
    },
  },
];

/** An equal one is answered again, another of the same key refused. */
function create({ clock }: Context, { workspace, json }: Call): Reply {
  const input = parseBody(bodySchema.required({ feedback_config: true }), json());
  const wanted = input.feedback_config ?? {};
  const known = workspace.feedbackConfigs.get(input.feedback_key);
  if (known !== undefined && !contains(known.config, wanted))
    throw refusal(400, 'Feedback config already exists');
  const config: FeedbackConfig = known ?? {
    key: input.feedback_key,
    config: wanted,
    isLowerScoreBetter: input.is_lower_score_better ?? false,
    modifiedAt: clock.now(),
  };
  workspace.feedbackConfigs.set(config.key, config);
  return ok(configView(workspace, config));
}

function update({ clock }: Context, { workspace, json }: Call): Reply {
  const input = parseBody(bodySchema, json());
  const known = workspace.feedbackConfigs.get(input.feedback_key);
  if (known === undefined) throw notFound('Feedback config not found');
  const config: FeedbackConfig = {
    ...known,
    config: input.feedback_config ?? known.config,
    isLowerScoreBetter: input.is_lower_score_better ?? known.isLowerScoreBetter,
    modifiedAt: clock.now(),
  };
  workspace.feedbackConfigs.set(config.key, config);
  return ok(configView(workspace, config));
}

const listSchema = pageQuery.extend({
  key: z.array(z.string()).optional(),
  name_contains: z.string().optional(),
});

function list({ workspace, query }: Call): Reply {
  const filter = parseQuery(listSchema, query, ['key']);
  const found = [...workspace.feedbackConfigs.values()].filter(
    ({ key }) =>
      (filter.key === undefined || filter.key.includes(key)) &&
      (filter.name_contains === undefined || key.includes(filter.name_contains)),
  );
  return listReply(
    found.sort((a, b) => a.key.localeCompare(b.key)),
    filter,
    (config) => configView(workspace, config),
  );
}
