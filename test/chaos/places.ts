import type { Place } from './ambush.js';

/** A place whose bytes go on unless it says otherwise. */
export const at = (place: Omit<Place, 'then'> & { readonly then?: Place['then'] }): Place => ({
  then: 'forward',
  ...place,
});

/** From the intent to the mark. */
export const publishingPlaces: readonly Place[] = [
  at({
    name: 'after the intent, before the POST',
    way: 'database',
    text: 'insert into assay.outbox_exports',
    moment: 'answered',
  }),
  at({
    name: 'at the intent, whose answer is lost',
    way: 'database',
    text: 'insert into assay.outbox_exports',
    moment: 'answered',
    then: 'drop',
  }),
  at({
    name: 'in a POST that arrives',
    way: 'platform',
    text: 'POST /api/public/otel',
    moment: 'sent',
  }),
  at({
    name: 'in a POST that does not arrive',
    way: 'platform',
    text: 'POST /api/public/otel',
    moment: 'sent',
    then: 'drop',
  }),
  at({
    name: 'between the 200 and the mark',
    way: 'platform',
    text: 'POST /api/public/otel',
    moment: 'answered',
  }),
  at({
    name: 'before the mark is written',
    way: 'database',
    text: 'update assay.outbox_exports set marked_at',
    moment: 'sent',
    then: 'drop',
  }),
  at({
    name: 'after the mark, before it is known',
    way: 'database',
    text: 'update assay.outbox_exports set marked_at',
    moment: 'answered',
    then: 'drop',
  }),
  at({
    name: 'in a POST of scores',
    way: 'platform',
    text: 'POST /api/public/ingestion',
    moment: 'answered',
  }),
];

/** From the claim of a paid call to its cell's commit. */
export const callPlaces: readonly Place[] = [
  at({
    name: 'after the claim, before the call',
    way: 'database',
    text: 'insert into assay.call_journal',
    moment: 'answered',
  }),
  at({
    name: 'in a call that does not arrive',
    way: 'model',
    text: 'POST /v1/chat',
    moment: 'sent',
    then: 'drop',
  }),
  at({
    name: 'before the answer is received',
    way: 'model',
    text: 'POST /v1/chat',
    moment: 'answered',
  }),
  at({
    name: 'between the answer and its commit',
    way: 'database',
    text: "set state = 'answered'",
    moment: 'sent',
    then: 'drop',
  }),
  at({
    name: 'at the commit of an answer, before it is known',
    way: 'database',
    text: "set state = 'answered'",
    moment: 'answered',
    then: 'drop',
  }),
  at({
    name: 'at the commit of cells, before it is written',
    way: 'database',
    text: 'insert into assay.outbox (experiment_id, cell_id',
    moment: 'sent',
    then: 'drop',
  }),
  at({
    name: 'at the commit of cells, before it is known',
    way: 'database',
    text: 'insert into assay.outbox (experiment_id, cell_id',
    moment: 'answered',
    then: 'drop',
  }),
];

/** Steps that a run takes once. */
export const stepPlaces: readonly Place[] = [
  at({
    name: 'while cells are planned',
    way: 'database',
    text: 'insert into assay.experiment_cells',
    moment: 'answered',
  }),
  at({
    name: 'while items are written to the platform',
    way: 'platform',
    text: 'POST /api/public/dataset-items',
    moment: 'sent',
  }),
  at({
    name: 'when the prompt is made',
    way: 'platform',
    text: 'POST /api/public/v2/prompts',
    moment: 'answered',
  }),
  at({
    name: 'when the run is prepared',
    way: 'platform',
    text: 'GET /api/public/experiments',
    moment: 'answered',
  }),
  at({
    name: 'when the scores of the run are put',
    way: 'database',
    text: 'insert into assay.outbox (experiment_id, platform',
    moment: 'sent',
    then: 'drop',
  }),
  at({
    name: 'while it is read back',
    way: 'platform',
    text: 'GET /api/public/v3/scores',
    moment: 'answered',
  }),
  at({
    name: 'when the read-back is recorded',
    way: 'database',
    text: 'duplicate_spans, verified_at)',
    moment: 'answered',
    then: 'drop',
  }),
  at({
    name: 'when the end is recorded',
    way: 'database',
    text: 'finished_at = coalesce(finished_at',
    moment: 'answered',
    then: 'drop',
  }),
];
