#!/usr/bin/env bash
# verify.sh BASE PROPOSAL PAGES: proves the boards of a proposed checkout against those of the base, and renders them.
# A board that is gone is an error; `rebench` must be installed.
set -uo pipefail
base=$1 proposal=$2 pages=$3
failed=0
for old in "$base"/leaderboards/*.json; do
  name=$(basename "$old" .json)
  if [ "$name" != schema ] && [ ! -f "$proposal/leaderboards/$name.json" ]; then
    echo "error: the board $name.json is gone" >&2
    failed=1
  fi
done
for board in "$proposal"/leaderboards/*.json; do
  name=$(basename "$board" .json)
  [ "$name" = schema ] && continue
  older=()
  [ -f "$base/leaderboards/$name.json" ] && older=(--base "$base/leaderboards/$name.json")
  echo "== $name"
  if rebench leaderboard verify "$board" "${older[@]}"; then
    rebench leaderboard render "$board" --out "$pages/$name" || failed=1
  else
    failed=1
  fi
done
exit $failed
