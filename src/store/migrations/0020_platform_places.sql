-- Which project of a platform a key leads to, as the platform itself said: what is kept of a project is found again after its keys
-- were changed, and never by the keys of another.

create table assay.platform_places (
  -- Of the address and the whole key: nothing secret can be read from it, and half a key names nothing.
  key_hash text primary key,
  place text not null,
  seen_at timestamptz not null default clock_timestamp()
);

-- These were kept by the address and the public half of a key, which anybody may know. The next answers are kept anew.
delete from assay.prompt_copies;
