-- What a team's own instrumentation said of a cell: its spans, and how many of them were left out. Null where it said nothing.

alter table assay.experiment_cells add column traced json;
