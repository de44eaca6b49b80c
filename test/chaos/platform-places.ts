import type { Place } from './ambush.js';
import { at, stepPlaces } from './places.js';

/** From the intent to the mark, on LangSmith. */
export const langsmithPublishingPlaces: readonly Place[] = [
  at({
    name: 'in a POST to LangSmith that arrives',
    way: 'langsmith',
    text: 'POST /runs/multipart',
    moment: 'sent',
  }),
  at({
    name: 'in a POST to LangSmith that does not arrive',
    way: 'langsmith',
    text: 'POST /runs/multipart',
    moment: 'sent',
    then: 'drop',
  }),
  at({
    name: 'between the 202 of LangSmith and the mark',
    way: 'langsmith',
    text: 'POST /runs/multipart',
    moment: 'answered',
  }),
  at({
    name: 'before the answer of LangSmith is received',
    way: 'langsmith',
    text: 'POST /runs/multipart',
    moment: 'answered',
    then: 'drop',
  }),
];

/** Between the spans of a Langfuse 3 and their places in the run. */
export const linkPlaces: readonly Place[] = [
  at({
    name: 'in a link to the run that arrives',
    way: 'platform',
    text: 'POST /api/public/dataset-run-items',
    moment: 'answered',
  }),
  at({
    name: 'in a link to the run that does not arrive',
    way: 'platform',
    text: 'POST /api/public/dataset-run-items',
    moment: 'sent',
    then: 'drop',
  }),
];

/** The steps of a run on a Langfuse 3 that has other paths for them. */
export const legacyStepPlaces: readonly Place[] = [
  ...stepPlaces.filter(({ text }) => !/experiments$|v3\/scores$/.test(text)),
  at({
    name: 'while it is read back from Langfuse 3',
    way: 'platform',
    text: 'GET /api/public/v2/scores',
    moment: 'answered',
  }),
];

/** The steps that a run takes on LangSmith. */
export const langsmithStepPlaces: readonly Place[] = [
  at({
    name: 'while items are written to LangSmith',
    way: 'langsmith',
    text: 'POST /examples/bulk',
    moment: 'answered',
  }),
  at({
    name: 'when the prompt is made on LangSmith',
    way: 'langsmith',
    text: 'POST /commits/',
    moment: 'answered',
  }),
  at({
    name: 'when the experiment is made on LangSmith',
    way: 'langsmith',
    text: 'POST /sessions',
    moment: 'answered',
  }),
  at({
    name: 'while LangSmith is read back',
    way: 'langsmith',
    text: 'GET /feedback',
    moment: 'answered',
  }),
];

/** From the beginning of a page of a push to its commit, on each platform. */
export const pushPlaces: Readonly<Record<'langfuse' | 'langsmith', readonly Place[]>> = {
  langfuse: [
    at({
      name: 'in a write of an item that arrives',
      way: 'platform',
      text: 'POST /api/public/dataset-items',
      moment: 'answered',
    }),
    at({
      name: 'in a write of an item that does not arrive',
      way: 'platform',
      text: 'POST /api/public/dataset-items',
      moment: 'sent',
      then: 'drop',
    }),
    at({
      name: 'when a page of the push is begun',
      way: 'database',
      text: 'update assay.dataset_pushes',
      moment: 'answered',
      then: 'drop',
    }),
    at({
      name: 'before a page of the push is committed',
      way: 'database',
      text: 'insert into assay.dataset_push_items',
      moment: 'sent',
      then: 'drop',
    }),
    at({
      name: 'when the dataset is made',
      way: 'platform',
      text: 'POST /api/public/v2/datasets',
      moment: 'answered',
    }),
  ],
  langsmith: [
    at({
      name: 'in a write of examples that arrives',
      way: 'langsmith',
      text: 'POST /examples/bulk',
      moment: 'answered',
    }),
    at({
      name: 'in a write of examples that does not arrive',
      way: 'langsmith',
      text: 'POST /examples/bulk',
      moment: 'sent',
      then: 'drop',
    }),
  ],
};
