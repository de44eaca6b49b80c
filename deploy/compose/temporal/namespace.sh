#!/bin/sh
# The namespace and the search attributes of Assay. Runs at each start; what is there already is left alone.
set -eu

# Tries a command for two minutes.
until_it_works() {
  tries=0
  until "$@" >/dev/null 2>&1; do
    tries=$((tries + 1))
    if [ "$tries" -ge 60 ]; then
      echo "Temporal at $TEMPORAL_ADDRESS did not get so far within two minutes: $*" >&2
      exit 1
    fi
    sleep 2
  done
}

until_it_works temporal operator cluster health

if ! temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1; then
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$TEMPORAL_RETENTION"
fi

# A new namespace takes some seconds until every part of the server knows it.
until_it_works temporal operator search-attribute list --namespace "$TEMPORAL_NAMESPACE"
known="$(temporal operator search-attribute list --namespace "$TEMPORAL_NAMESPACE")"
for name in AssayProject AssayKind AssayTarget AssayDataset AssayStatus; do
  case "$known" in
    *"$name"*) ;;
    *)
      temporal operator search-attribute create \
        --namespace "$TEMPORAL_NAMESPACE" --name "$name" --type Keyword
      ;;
  esac
done
