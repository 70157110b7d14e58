#!/usr/bin/env bash
# npm start: sets up a fresh machine (npm packages, build), plays the demo and, at a terminal, serves the lab until it is
# interrupted. `npm start -- sim --list` runs another command.
set -euo pipefail
folder=$PWD
cd "$(dirname "$0")/.."
. scripts/setup.sh

install_npm_packages
build src/cli
main="$PWD/dist/src/cli/main.js"
cd "$folder"
if [ $# = 0 ]; then
  node "$main" demo
  # Nobody would end it where nobody sits.
  if ! [ -t 0 ] || ! [ -t 1 ]; then exit 0; fi
  echo
  set -- lab
fi
exec node "$main" "$@"
