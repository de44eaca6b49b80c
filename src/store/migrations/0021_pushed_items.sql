-- What a push finds there that was not there when it listed, or was otherwise, it has written itself: by a page whose end nobody
-- heard of, or that a rate limit cut short. It counts as what it was written as.
alter table assay.dataset_push_items
  add column written_as text check (written_as in ('added', 'changed'));
