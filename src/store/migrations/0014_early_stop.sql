-- Why a run was ended before all of its cells were run although nothing was wrong with it: what its gate had settled.

alter table assay.experiments add column early_stop json;
