# Finds or installs the tools that tests need. Sourced; need_buf, need_grpcurl, need_python, need_fuzz, need_vault and need_vendor set
# BUF, GRPCURL, PYTHON, FUZZ, VAULT and VENDOR, or fail and say what to do.

missing() {
  echo "missing: $1" >&2
  echo "  $2" >&2
  return 1
}

need_buf() {
  BUF="$CACHE/npm/node_modules/.bin/buf"
  [ -x "$BUF" ] && return 0
  if command -v buf >/dev/null; then BUF=$(command -v buf); return 0; fi
  command -v npm >/dev/null || missing buf "install Node.js with npm, or buf itself, and run this again" || return 1
  echo "installing buf under tests/.cache"
  npm install --silent --no-fund --no-audit --prefix "$CACHE/npm" @bufbuild/buf@1.75.0 || missing buf "npm could not install @bufbuild/buf"
}

need_grpcurl() {
  GRPCURL="$CACHE/bin/grpcurl"
  [ -x "$GRPCURL" ] && return 0
  if command -v grpcurl >/dev/null; then GRPCURL=$(command -v grpcurl); return 0; fi
  command -v go >/dev/null || missing grpcurl "install Go, or grpcurl itself, and run this again" || return 1
  echo "building grpcurl under tests/.cache (a minute)"
  GOBIN="$CACHE/bin" GOFLAGS=-mod=mod go install github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3 || missing grpcurl "go could not build it"
}

need_python() {
  PYTHON="$CACHE/python/bin/python"
  [ -x "$PYTHON" ] && "$PYTHON" -c 'import grpc, grpc_reflection, nacl' 2>/dev/null && return 0
  command -v python3 >/dev/null || missing python3 "install Python 3.9 or newer" || return 1
  echo "installing grpcio under tests/.cache"
  python3 -m venv "$CACHE/python" || missing python3-venv "install Python's venv module" || return 1
  "$PYTHON" -m pip install --quiet --disable-pip-version-check grpcio==1.85.0 grpcio-reflection==1.85.0 grpcio-health-checking==1.85.0 pynacl ||
    missing grpcio "pip could not install grpcio"
}

need_fuzz() {
  FUZZ="$CACHE/bin/cargo-fuzz"
  [ -x "$FUZZ" ] && return 0
  echo "building cargo-fuzz under tests/.cache (a minute)"
  cargo install --quiet --locked --root "$CACHE" cargo-fuzz@0.13.1 || missing cargo-fuzz "cargo could not install it"
}

# HashiCorp Vault for tests, never shipped. crates/testkit looks in the same places.
need_vault() {
  local how="set GRANARY_TEST_VAULT to a vault or bao program, or put one on the PATH, or install Go 1.25.3 or newer, and run this again"
  if [ -n "${GRANARY_TEST_VAULT:-}" ]; then
    VAULT=$GRANARY_TEST_VAULT
    [ -x "$VAULT" ] || missing "$VAULT, which GRANARY_TEST_VAULT names" "$how"
    return
  fi
  # Once a machine, and not once a checkout.
  local module place; module="$(dirname "$CACHE")/vault-server" place="${XDG_CACHE_HOME:-$HOME/.cache}/granary"
  VAULT="$place/vault-$(python3 -c 'import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest()[:12])' "$module/go.sum")"
  [ -x "$VAULT" ] && return 0
  local name
  for name in vault bao; do
    if type -P "$name" >/dev/null; then VAULT=$(type -P "$name"); return 0; fi
  done
  command -v go >/dev/null || missing vault "$how" || return 1
  echo "building a Vault server under $place (five minutes and 5 GB of Go's caches, once; its packages follow)" >&2
  # Into a name of this process's own, so that nobody runs half a file. Of lesser priority: tests run beside it.
  mkdir -p "$place"
  nice -n 10 go build -C "$module" -v -tags minimal -trimpath -buildvcs=false -ldflags="-s -w" -o "$VAULT.$$" . >&2 &&
    mv "$VAULT.$$" "$VAULT" || { rm -f "$VAULT.$$"; missing vault "go could not build it in tests/vault-server: see above; or $how"; }
}

# The vendor's own client for LinkedIn data, in the versions of its lock file.
need_vendor() {
  VENDOR="$CACHE/vendor"
  command -v node >/dev/null && command -v npm >/dev/null || missing node "install Node.js 20.12 or newer with npm" || return 1
  mkdir -p "$VENDOR"
  if [ ! -d "$VENDOR/node_modules" ] || ! cmp -s tests/vendor/package-lock.json "$VENDOR/package-lock.json"; then
    echo "installing @harvestapi/scraper under tests/.cache"
    cp tests/vendor/package.json tests/vendor/package-lock.json "$VENDOR/"
    npm ci --silent --no-fund --no-audit --prefix "$VENDOR" || { rm -rf "$VENDOR"; missing @harvestapi/scraper "npm could not install it" || return 1; }
  fi
  cp tests/vendor/run.mjs "$VENDOR/"
}
