-- What lets a run take over cells of earlier runs, and what it says of those that it took.

alter table assay.experiment_cells
  -- Of what decides the output, the project included: 128 bits of a hash.
  add column target_hash uuid,
  -- Where the output and the scores were made: {output: {experiment, runUid, traceId, costDollars}, scores: [...]}.
  add column reused_from json,
  -- The hashes, as of scores, of evaluators that did not apply: they gave no score, and would give none again.
  add column silent_hashes uuid[];

-- Only what can be taken over is in it: a cell is written into it once, when it ends, and leaves it when its bodies go.
create index experiment_cells_reusable on assay.experiment_cells (target_hash, id)
  where latest and status in ('ok', 'evaluator_error') and output is not null;

-- How many cells of a run were taken over, while people watch it.
create index experiment_cells_reused on assay.experiment_cells (experiment_id)
  where latest and reused_from is not null;

alter table assay.scores
  -- Of what decides the scores of this evaluator. A score that somebody writes without it is never taken over.
  add column hash uuid,
  -- What the evaluator's calls for this cell cost when they were made; the same on each of its scores.
  add column judge_cost numeric(24, 12);

create index scores_reusable on assay.scores (hash, cell_id) where hash is not null;
