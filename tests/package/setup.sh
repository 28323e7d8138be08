#!/usr/bin/env bash
# What the tests of this folder share, each made once:
#   sources   a copy of the project, in a folder with a space in its name
#   static    the library of the build under test, installed, and its prefix moved
#   shared    Release, with the test kit, by README's lines for Debian packages; installed
#   older     version 0.0.9, by README's lines for an installation, without the test kit
set -euo pipefail
# shellcheck source=tests/package/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# run_lines WORD PLACE: the lines of README that hold the word, in a copy of the project.
run_lines() {
  local lines
  lines=$(readme sh "$1")
  (cd "$2" && HOME=$folder/older quietly bash -euc "$lines") || fail "README's lines failed, as said above: $lines"
}

case $1 in
  sources)
    rm -rf "$folder"
    mkdir -p "$sources"
    cp -r CMakeLists.txt LICENSE cmake include src "$sources"
    ;;
  static)
    rm -rf "$static" "$folder/installed here first"
    quietly cmake --install "$build" --prefix "$folder/installed here first" ||
      fail "could not install, as said above"
    mv "$folder/installed here first" "$static"
    ;;
  shared)
    rm -rf "$shared" "$folder/debian"
    cp -r "$sources" "$folder/debian"
    run_lines build/debian "$folder/debian"
    quietly cmake --install "$folder/debian/build/debian" --prefix "$shared" ||
      fail "could not install, as said above"
    ;;
  older)
    rm -rf "$folder/older"
    mkdir "$folder/older"
    cp -r "$sources" "$folder/older/sources"
    sed -i -E 's/(VERSION_MAJOR) .*/\1 0/; s/(VERSION_MINOR) .*/\1 0/; s/(VERSION_PATCH) .*/\1 9/' \
      "$folder/older/sources/include/service_accounts/version.h"
    CMAKE_BUILD_TYPE=Debug run_lines build/install "$folder/older/sources"
    ;;
  *) fail "no such thing: $1" ;;
esac
