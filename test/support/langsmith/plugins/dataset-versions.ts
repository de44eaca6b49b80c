import { isDeepStrictEqual } from 'node:util';

import { z } from 'zod';

import { microsOf, zonedIso } from '../clock.js';
import type { Plugin } from '../context.js';
import type { Dataset } from '../datasets/dataset.js';
import { datasetOf } from '../datasets/find.js';
import { examplesAt, momentOf, tagsOf, versionsOf } from '../datasets/history.js';
import { notFound, unprocessable } from '../http/errors.js';
import type { Call, Reply } from '../http/exchange.js';
import { ok } from '../http/exchange.js';
import { listReply } from '../http/page.js';
import { pageQuery, parseBody, parseQuery } from '../http/validate.js';

const oneSchema = z.object({ as_of: z.string().optional(), tag: z.string().optional() });
const tagSchema = z.object({ as_of: z.string(), tag: z.string().min(1) });
const diffSchema = z.object({ from_version: z.string(), to_version: z.string() });

/** Versions are the moments at which examples changed; nothing else makes one. */
export const datasetVersions: Plugin = () => [
  {
    path: '/datasets/{dataset}/versions',
    methods: {
      GET: (call) => {
        const dataset = datasetOf(call);
        return listReply(versionsOf(dataset), parseQuery(pageQuery, call.query), (moment) =>
          versionView(dataset, moment),
        );
      },
    },
  },
  { path: '/datasets/{dataset}/version', methods: { GET: readOne } },
  { path: '/datasets/{dataset}/versions/diff', methods: { GET: diff } },
  { path: '/datasets/{dataset}/tags', methods: { PUT: moveTag } },
];

const versionView = (dataset: Dataset, moment: number) => ({
  as_of: zonedIso(moment),
  tags: tagsOf(dataset, moment),
});

/** By exact tag, or the last version at or before a moment. */
function readOne(call: Call): Reply {
  const dataset = datasetOf(call);
  const { as_of: asOf, tag } = parseQuery(oneSchema, call.query);
  if ((asOf === undefined) === (tag === undefined))
    throw unprocessable('Exactly one of as_of and tag must be specified');
  const moment = momentOf(dataset, asOf ?? tag) ?? Number.POSITIVE_INFINITY;
  const version = versionsOf(dataset).find((at) => at <= moment);
  if (version === undefined) throw notFound('Dataset version not found');
  return ok(versionView(dataset, version));
}

/** The tag leaves the version that it stood on; `as_of` must be exactly one. */
function moveTag(call: Call): Reply {
  const dataset = datasetOf(call);
  const input = parseBody(tagSchema, call.json());
  if (input.tag === 'latest') throw unprocessable("The tag 'latest' is reserved");
  const moment = microsOf(input.as_of);
  if (moment === undefined || !versionsOf(dataset).includes(moment))
    throw notFound('Dataset version not found');
  dataset.tags.set(input.tag, moment);
  return ok(versionView(dataset, moment));
}

function diff(call: Call): Reply {
  const dataset = datasetOf(call);
  const query = parseQuery(diffSchema, call.query);
  const at = (version: string) =>
    new Map(examplesAt(dataset, momentOf(dataset, version)).map((state) => [state.id, state]));
  const [before, after] = [at(query.from_version), at(query.to_version)];
  const changed = [...after.values()].filter((state) => {
    const old = before.get(state.id);
    return old !== undefined && !isDeepStrictEqual({ ...old, at: 0 }, { ...state, at: 0 });
  });
  return ok({
    examples_added: [...after.keys()].filter((id) => !before.has(id)),
    examples_removed: [...before.keys()].filter((id) => !after.has(id)),
    examples_modified: changed.map(({ id }) => id),
  });
}
