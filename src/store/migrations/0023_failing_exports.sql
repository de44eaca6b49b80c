-- A record that provokes an error of the server each time must not keep its run open for ever.
alter table assay.outbox_exports
  -- Since when all that is left of it has stood alone in its requests and was answered by errors of the server, with no answer of
  -- another kind in between. Kept over publishers and drains.
  add column failing_since timestamptz,
  -- [{rowId, id, reason, failed}] of what the last try left; null while one is on its way.
  add column failing_with json;
