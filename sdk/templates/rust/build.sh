#!/bin/sh
# build.sh - builds the plugin with plain rustc (1.63 or later): ./build.sh [output folder]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-"$here/build/plugins"}
mkdir -p "$out"
exec rustc --edition 2021 -O -C panic=unwind -C link-arg=-Wl,-z,now -C link-arg=-Wl,-z,relro -D warnings \
  --crate-name loud --crate-type cdylib -o "$out/loud.so" "$here/plugin.rs"
