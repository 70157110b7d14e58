#!/usr/bin/env bash
# npm start: sets up a fresh machine (npm packages, build) and plays the demo. `npm start -- sim --list` runs another command.
set -euo pipefail
folder=$PWD
cd "$(dirname "$0")/.."
. scripts/setup.sh

install_npm_packages
build src/cli
main="$PWD/dist/src/cli/main.js"
cd "$folder"
if [ $# = 0 ]; then set -- demo; fi
exec node "$main" "$@"
