-- Postgres compresses what makes a row longer than 2 kB, with an algorithm that takes longer than all else of a commit. A usual
-- cell fits a page as it is; bodies that we compress ourselves gain nothing by a second try.

alter table assay.experiment_cells set (toast_tuple_target = 8160);
alter table assay.experiment_items set (toast_tuple_target = 8160);
alter table assay.scores set (toast_tuple_target = 8160);
alter table assay.outbox alter column body set storage external;
alter table assay.call_journal alter column answer set storage external;
