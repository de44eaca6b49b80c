#!/bin/bash
# Runs once, when the data folder is made: a role and its own database for each part, and none can read another's.
set -euo pipefail

database() {
  local role="$1" database="$2"
  # The password comes through the environment and psql's own quoting: it is never on a command line.
  psql --no-psqlrc --set ON_ERROR_STOP=1 --set role="$role" --set database="$database" \
    --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
\getenv password ROLE_PASSWORD
SELECT format('CREATE ROLE %I LOGIN PASSWORD %L', :'role', :'password')
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
SELECT format('CREATE DATABASE %I OWNER %I', :'database', :'role') \gexec
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', :'database') \gexec
SQL
}

ROLE_PASSWORD="$TEMPORAL_DB_PASSWORD" database temporal temporal
ROLE_PASSWORD="$TEMPORAL_DB_PASSWORD" database temporal temporal_visibility
ROLE_PASSWORD="$LANGFUSE_DB_PASSWORD" database langfuse langfuse
ROLE_PASSWORD="$ASSAY_DB_PASSWORD" database assay assay

# Nor is there anything for them in what the cluster was made with.
psql --no-psqlrc --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres \
  --command 'REVOKE ALL ON DATABASE postgres FROM PUBLIC'
