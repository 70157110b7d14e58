#!/usr/bin/env bash
# Sourced by start.sh, test.sh and .ci/run from the repository's root: what a machine with nothing but Node and npm lacks.

# Installs the npm packages of package-lock.json, where they are missing or older than it.
install_npm_packages() {
  local major
  major=$(node -p 'process.versions.node.split(".")[0]')
  if [ "$major" -lt 20 ]; then
    echo "Elko needs Node 20 or later; this is $(node --version)." >&2
    return 1
  fi
  if [ -e node_modules/.package-lock.json ] && [ ! package-lock.json -nt node_modules/.package-lock.json ]; then
    return 0
  fi
  echo 'Installing npm packages (once) ...'
  # Not `npm ci`: it refuses a lock file that was made where a registry had not every platform's optional packages.
  npm install --no-save --include=dev --include=optional --no-fund --no-audit --loglevel=error
}

# Installs what the examples use (examples/package-lock.json), where it is missing or older. Never fails: the tests of
# examples that lack a package are skipped with a reason, or failed in CI.
install_example_packages() {
  node examples/link-elko.mjs
  if [ -e examples/node_modules/.package-lock.json ] \
    && [ ! examples/package-lock.json -nt examples/node_modules/.package-lock.json ]; then
    return 0
  fi
  if [ "${ELKO_NO_INSTALL:-}" = 1 ]; then
    echo 'Not installed (ELKO_NO_INSTALL=1), so most tests of examples are skipped: the packages of examples/package.json'
  else
    echo 'Installing the npm packages of the examples (once, 130 MB; ELKO_NO_INSTALL=1 prevents it) ...'
    npm install --prefix examples --no-save --no-fund --no-audit --loglevel=error || echo 'npm failed; without them'
  fi
  return 0
}

# Compiles the given projects (all without an argument). tsc says what is wrong.
build() {
  node_modules/.bin/tsc -b "$@" || return 1
  # Whole builds are what is published: one file of it is a bundle.
  if [ "$#" = 0 ]; then node scripts/bundle-fake-timers.mjs || return 1; fi
  # The commands write pages, which need their scripts.
  if [ "$#" = 0 ] || [ "$*" = src/cli ]; then node scripts/build-pages.mjs; fi
}

# What the tests against the kernel, in the browser and of the examples need, as package:program or package:file.
DEBIAN_PACKAGES='tcpdump:tcpdump tshark:tshark iperf3:iperf3 socat:socat nmap:nmap nftables:nft iproute2:ip
  curl:curl iputils-ping:ping util-linux:setpriv chromium:chromium
  fonts-dejavu-core:/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf postgresql:pg_ctlcluster redis-server:redis-server
  python3-minimal:python3 openssl:openssl time:/usr/bin/time default-jre-headless:java tcptrace:tcptrace
  xplot-xplot.org:xplot.org xvfb:Xvfb'

# Installs those that are missing, where this is Debian (or a child of it) and root. Never fails: the tests that need a
# missing program are skipped with a reason, or failed in CI.
install_debian_packages() {
  local entry missing=''
  for entry in $DEBIAN_PACKAGES; do
    command -v "${entry#*:}" > /dev/null || [ -f "${entry#*:}" ] || missing="$missing ${entry%:*}"
  done
  if [ -z "$missing" ]; then return 0; fi
  if [ "${ELKO_NO_INSTALL:-}" = 1 ]; then
    echo "Not installed (ELKO_NO_INSTALL=1), so tests that need them are skipped:$missing"
  elif [ "$(id -u)" != 0 ] || ! command -v apt-get > /dev/null; then
    echo "Tests are skipped without root and these packages:$missing"
  else
    echo "Installing Debian packages (ELKO_NO_INSTALL=1 prevents it):$missing"
    # shellcheck disable=SC2086
    apt_get update && apt_get install -y --no-install-recommends $missing || echo "apt-get failed; without:$missing"
  fi
  return 0
}

apt_get() {
  local log status
  log=$(mktemp)
  DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 "$@" < /dev/null > "$log" 2>&1
  status=$?
  if [ "$status" != 0 ]; then tail -20 "$log"; fi
  rm -f "$log"
  return "$status"
}

# Prints the path of a Node of this major version, installed from npm into node_modules/.cache. Fails where there is none.
other_node() {
  local major=$1 machine folder program
  machine=$(node -p 'process.arch')
  folder="$PWD/node_modules/.cache/node-$major"
  program="$folder/node_modules/node-linux-$machine/bin/node"
  if ! [ -x "$program" ]; then
    mkdir -p "$folder"
    echo '{ "private": true }' > "$folder/package.json"
    npm install --prefix "$folder" --no-save --no-fund --no-audit --loglevel=error "node-linux-$machine@$major" >&2
  fi
  case $("$program" --version) in
    "v$major."*) echo "$program" ;;
    *) return 1 ;;
  esac
}
