#!/usr/bin/env bash
# npm test: sets up a fresh machine, builds, lints, runs the tests. Arguments choose test files: `npm test -- wire/tcp`.
# ELKO_NO_INSTALL=1 installs no Debian packages, nor those of the examples.
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/setup.sh

stop() {
  echo "FAILED $1"
  if [ -n "${ELKO_TOTALS:-}" ]; then echo '{"failed":1}' >> "$ELKO_TOTALS"; fi
  echo
  echo '0 passed, 1 failed, 0 skipped'
  exit 1
}

install_npm_packages || stop 'npm install'
install_example_packages
install_debian_packages
echo 'Building ...'
build || stop 'tsc -b'
echo 'Linting ...'
also_failed=''
node_modules/.bin/biome check --diagnostic-level=warn --error-on-warnings . || also_failed='biome check'
ELKO_ALSO_FAILED="$also_failed" exec node scripts/run-tests.mjs "$@"
