#!/bin/sh
# Writes the secrets of docker-compose.yml to .env: random ones, once, readable by you alone.
set -eu

usage() {
  cat <<'USAGE'
Usage: deploy/compose/generate-secrets.sh [FILE]

Writes random passwords and keys for docker-compose.yml to FILE (default: .env beside docker-compose.yml), mode 0600.
Where FILE is there already, only the ones that it lacks are added at its end. What it says is never changed: its
passwords are those of the data that is there already.

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

root="$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)"
file="${1:-$root/.env}"

fail() {
  echo "$1 Nothing was changed." >&2
  exit 1
}

# Hexadecimal, so that a value needs no quoting in a URL, a shell, YAML or SQL.
secret() {
  value="$(od -An -N "$1" -tx1 /dev/urandom | tr -d ' \n')"
  if [ "${#value}" -ne $(($1 * 2)) ]; then
    echo 'Too few random bytes could be read.' >&2
    exit 1
  fi
  printf '%s' "$value"
}

# Whether the file gives the variable a value. An empty one is none: Compose refuses it just the same.
has() {
  [ -f "$file" ] || return 1
  grep -E "^[[:space:]]*(export[[:space:]]+)?$1[[:space:]]*[=:]" "$file" |
    grep -Eqv "^[^=:]*[=:][[:space:]]*(\"\"|'')?[[:space:]]*(#.*)?\$"
}

# add NAME BYTES [PREFIX]
add() {
  if has "$1"; then return 0; fi
  # Set apart from its use: a failure inside of an argument would go unseen.
  value="$(secret "$2")"
  echo "$1=${3:-}$value" >>"$temporary"
}

folder="$(dirname -- "$file")"
[ -d "$folder" ] || fail "The folder $folder is not there: make it first."
if [ -d "$file" ]; then fail "$file is a folder: name a file in it."; fi
if [ -e "$file" ] && ! [ -f "$file" ]; then fail "$file is not a plain file."; fi
if [ -f "$file" ] && ! { [ -r "$file" ] && [ -w "$file" ]; }; then
  fail "$file is there, and you may not read and change it."
fi

umask 077
# A folder is made by one of two that try at once; the other would add other passwords for the same names.
lock="$file.lock"
if ! mkdir "$lock" 2>/dev/null; then
  if [ -d "$lock" ]; then
    fail "Another of these is at work on $file (if none is, remove the empty folder $lock)."
  fi
  fail "The folder $folder cannot be written to."
fi
temporary="$lock/new"
trap 'rm -f "$temporary"; rmdir "$lock"' EXIT
trap 'exit 1' INT TERM HUP
: >"$temporary"

for name in POSTGRES_PASSWORD TEMPORAL_DB_PASSWORD LANGFUSE_DB_PASSWORD ASSAY_DB_PASSWORD \
  CLICKHOUSE_PASSWORD REDIS_PASSWORD MINIO_PASSWORD LANGFUSE_ADMIN_PASSWORD; do
  add "$name" 24
done
for name in LANGFUSE_SALT LANGFUSE_ENCRYPTION_KEY LANGFUSE_NEXTAUTH_SECRET; do
  add "$name" 32
done
add LANGFUSE_PUBLIC_KEY 16 pk-lf-
add LANGFUSE_SECRET_KEY 16 sk-lf-
added="$(wc -l <"$temporary" | tr -d ' ')"

login='The Langfuse login is admin@assay.local with its LANGFUSE_ADMIN_PASSWORD.'
note='# Made by deploy/compose/generate-secrets.sh. Keep it out of version control, and back it up with the data.'
if ! [ -f "$file" ]; then
  { echo "$note" && cat "$temporary"; } >"$temporary.whole"
  mv "$temporary.whole" "$file"
  echo "Wrote $file. $login"
  exit 0
fi

# Secrets are in it from here on; before they are.
chmod 600 "$file" || fail "$file is there, and it is not yours: its mode cannot be made 0600."
if [ "$added" -eq 0 ]; then
  echo "$file has all of the secrets already: none was added, none was changed."
  exit 0
fi
{
  # The last line of a file that was written by hand may have no end.
  if [ -n "$(tail -c 1 "$file")" ]; then echo; fi
  echo "$note"
  cat "$temporary"
} >"$temporary.whole"
cat "$temporary.whole" >>"$file"
rm -f "$temporary.whole"
echo "Added $added secrets to $file, and kept what was there. $login"
