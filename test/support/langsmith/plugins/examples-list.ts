import { z } from 'zod';

import type { Plugin } from '../context.js';
import type { Dataset } from '../datasets/dataset.js';
import { datasetById, exampleById } from '../datasets/find.js';
import type { ExampleState } from '../datasets/history.js';
import { examplesAt, momentOf, splitsOf, stateAt } from '../datasets/history.js';
import { exampleView } from '../datasets/view.js';
import { unprocessable } from '../http/errors.js';
import type { Call, Reply } from '../http/exchange.js';
import { ok } from '../http/exchange.js';
import { listReply } from '../http/page.js';
import { jsonObjectText, pageQuery, parseQuery, uuid } from '../http/validate.js';
import { contains } from '../matching.js';
import type { Workspace } from '../workspace.js';

const lists = ['id', 'splits', 'select', 'full_text_contains'];
const filterSchema = z.object({
  dataset: uuid.optional(),
  id: z.array(uuid).optional(),
  as_of: z.string().optional(),
  splits: z.array(z.string()).optional(),
  metadata: jsonObjectText.optional(),
  full_text_contains: z.array(z.string()).optional(),
  filter: z.string().optional(),
  order: z.enum(['recent', 'recently_created', 'id']).default('recent'),
  select: z.array(z.string()).optional(),
});
type Filter = z.output<typeof filterSchema>;

interface Found {
  readonly dataset: Dataset;
  readonly state: ExampleState;
}

export const examplesList: Plugin = () => [
  { path: '/examples', methods: { GET: list } },
  {
    path: '/examples/count',
    methods: {
      GET: ({ workspace, query }) =>
        ok(select(workspace, parseQuery(filterSchema, query, lists)).length),
    },
  },
];

function list({ workspace, query }: Call): Reply {
  const filter = parseQuery(filterSchema, query, lists);
  return listReply(select(workspace, filter), parseQuery(pageQuery, query), ({ dataset, state }) =>
    exampleView(dataset, state),
  );
}

function select(workspace: Workspace, filter: Filter): readonly Found[] {
  if (filter.filter !== undefined)
    throw unprocessable('The test server knows no filter language for examples: use metadata');
  const candidates = candidatesOf(workspace, filter).filter(({ state }) => matches(state, filter));
  const orders: Record<Filter['order'], (a: Found, b: Found) => number> = {
    recent: () => 0,
    recently_created: (a, b) => b.state.createdAt - a.state.createdAt,
    id: (a, b) => a.state.id.localeCompare(b.state.id),
  };
  return candidates.sort(orders[filter.order]);
}

function candidatesOf(workspace: Workspace, filter: Filter): Found[] {
  if (filter.dataset !== undefined) {
    const dataset = datasetById(workspace, filter.dataset);
    const states = examplesAt(dataset, momentOf(dataset, filter.as_of));
    return states.map((state) => ({ dataset, state }));
  }
  if (filter.id === undefined) throw unprocessable("Either 'dataset' or 'id' must be given");
  return filter.id.flatMap((id) => {
    const found = exampleById(workspace, id);
    const state = found && stateAt(found.history, momentOf(found.dataset, filter.as_of));
    return found === undefined || state === undefined ? [] : [{ dataset: found.dataset, state }];
  });
}

function matches(state: ExampleState, filter: Filter): boolean {
  return (
    (filter.id === undefined || filter.id.includes(state.id)) &&
    (filter.splits === undefined || splitsOf(state).some((s) => filter.splits?.includes(s))) &&
    (filter.metadata === undefined || contains(state.metadata, filter.metadata)) &&
    (filter.full_text_contains ?? []).every((text) =>
      JSON.stringify([state.inputs, state.outputs, state.metadata]).includes(text),
    )
  );
}
