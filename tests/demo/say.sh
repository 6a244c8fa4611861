#!/bin/sh
# say.sh WHAT COMMAND [ARG]...
#
# Run COMMAND, and say what is going on: at once, and every five seconds until it ends.
set -eu
what=$1
shift
printf 'demo: %s\n' "$what"
(
    seconds=0
    # not on the terminal: a pipe would stay open until this sleep ends
    while sleep 5 >/dev/null 2>&1; do
        seconds=$((seconds + 5))
        printf 'demo: %s (%s seconds)\n' "$what" "$seconds"
    done
) &
ticker=$!
trap 'kill "$ticker" 2>/dev/null || true' EXIT
"$@"
