-- What was asked of a run while it goes on.

alter table assay.experiments
  -- {cause, reason, since} while the run stands still.
  add column pause json,
  -- Cells in flight are to be given up: the batches that run them look here.
  add column abort_requested_at timestamptz,
  drop constraint experiments_status_check,
  add constraint experiments_status_check check (
    status in (
      'planning', 'running', 'paused', 'publishing', 'verifying',
      'completed', 'completed_unverified', 'cancelled', 'failed'
    )
  );

-- Counted after each batch of a run that may fail only so often. It holds failed cells alone, so that counting never reads
-- more than what is counted, and the planner cannot take it for pages of results.
create index experiment_cells_failed on assay.experiment_cells (experiment_id)
  where latest and status in ('target_error', 'evaluator_error');
