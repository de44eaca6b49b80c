#!/bin/sh
# Temporal's two schemas. Runs at each start: what is there already is left alone, a newer version is migrated.
set -eu

sql() {
  name="$1"
  shift
  temporal-sql-tool --plugin postgres12 --endpoint postgres --port 5432 --user temporal --database "$name" "$@"
}

sql temporal setup-schema --version 0.0
sql temporal update-schema --schema-dir /etc/temporal/schema/postgresql/v12/temporal/versioned
sql temporal_visibility setup-schema --version 0.0
sql temporal_visibility update-schema --schema-dir /etc/temporal/schema/postgresql/v12/visibility/versioned
