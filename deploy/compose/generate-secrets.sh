#!/bin/sh
# Writes the secrets of docker-compose.yml to .env: random ones, once, readable by you alone.
set -eu

usage() {
  cat <<'USAGE'
Usage: deploy/compose/generate-secrets.sh [FILE]

Writes random passwords and keys for docker-compose.yml to FILE (default: .env beside docker-compose.yml), mode 0600.
A file that exists is never changed: its passwords are those of the data that is there already.

Examples:
  deploy/compose/generate-secrets.sh
  deploy/compose/generate-secrets.sh /etc/assay/stack.env   # docker compose --env-file /etc/assay/stack.env up
USAGE
}

case "${1:-}" in
  -h | --help)
    usage
    exit 0
    ;;
  -*)
    echo "Unknown option: $1" >&2
    usage >&2
    exit 2
    ;;
esac

folder="$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)"
file="${1:-$folder/.env}"

# Hexadecimal, so that a value needs no quoting in a URL, a shell, YAML or SQL.
secret() {
  value="$(od -An -N "$1" -tx1 /dev/urandom | tr -d ' \n')"
  if [ "${#value}" -ne $(($1 * 2)) ]; then
    echo 'Too few random bytes could be read.' >&2
    exit 1
  fi
  printf '%s' "$value"
}

umask 077
temporary="$(mktemp "$file.XXXXXX")"
trap 'rm -f "$temporary"' EXIT INT TERM
# Set apart from its use: a failure inside of an argument would go unseen.
{
  echo '# Made by deploy/compose/generate-secrets.sh. Keep it out of version control, and back it up with the data.'
  for name in POSTGRES_PASSWORD TEMPORAL_DB_PASSWORD LANGFUSE_DB_PASSWORD ASSAY_DB_PASSWORD \
    CLICKHOUSE_PASSWORD REDIS_PASSWORD MINIO_PASSWORD LANGFUSE_ADMIN_PASSWORD; do
    value="$(secret 24)"
    echo "$name=$value"
  done
  for name in LANGFUSE_SALT LANGFUSE_ENCRYPTION_KEY LANGFUSE_NEXTAUTH_SECRET; do
    value="$(secret 32)"
    echo "$name=$value"
  done
  value="$(secret 16)"
  echo "LANGFUSE_PUBLIC_KEY=pk-lf-$value"
  value="$(secret 16)"
  echo "LANGFUSE_SECRET_KEY=sk-lf-$value"
} >"$temporary"

# A link is made only where there is no file yet, also with two of these at once.
if ! ln "$temporary" "$file" 2>/dev/null; then
  echo "$file is there already (or its folder cannot be written): nothing was changed." >&2
  exit 1
fi
echo "Wrote $file. The Langfuse login is admin@assay.local with its LANGFUSE_ADMIN_PASSWORD."
