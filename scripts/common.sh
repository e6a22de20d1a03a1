# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by the scripts beside it: where the checkout is, how a script speaks and ends.

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
script=${0##*/}
started=$EPOCHREALTIME

say() { printf '%s: %s\n' "$script" "$*"; }

die() {
  printf '%s: error: %s\n' "$script" "$*" >&2
  exit 1
}

# Called at the end of a script that has done what it was asked for.
say_total_time() {
  awk -v name="$script" -v from="$started" -v to="$EPOCHREALTIME" \
    'BEGIN { printf "%s: done in %.1f s\n", name, to - from }'
}

# Runs a command whose output matters only when it fails.
quietly() {
  local log
  log=$(mktemp)
  if ! "$@" >"$log" 2>&1; then
    tail -n 60 "$log" >&2
    rm -f "$log"
    die "this command failed: $*"
  fi
  rm -f "$log"
}

cores() { nproc 2>/dev/null || echo 2; }
