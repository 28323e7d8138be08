#!/usr/bin/env bash
# Does what a guide tells its reader to do, with the guide's own words: guide.sh GUIDE. Where that would
# be to build the library once more, there are setup.sh's installation and the build under test.
set -euo pipefail
# shellcheck source=tests/package/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

guide=docs/guides/$1.md

# is_in TEXT FILE...: the lines stand in one of the files.
is_in() {
  [[ $(cat "${@:2}") == *"$1"* ]] || fail "not in ${*:2}, but in $guide: $1"
}

case $1 in
  getting-started)
    home=$folder/reader
    checkout=$home/service-accounts-checkout
    rm -rf "$home"
    mkdir -p "$checkout/build" "$home/first"
    ln -s "$static" "$home/service-accounts"
    ln -s "$build" "$checkout/build/release"
    cp CMakePresets.json "$checkout"
    block "$guide" cmake 'project(' >"$home/first/CMakeLists.txt"
    block "$guide" cpp 'int main' >"$home/first/main.cc"
    # README's own test runs these.
    is_in "$(block "$guide" sh --install)" README.md

    export HOME=$home
    (cd "$home/first" && quietly bash -euc "$(block "$OLDPWD/$guide" sh CMAKE_PREFIX_PATH)") ||
      fail "the lines that build the program failed, as said above"
    lines=$(block "$guide" sh mock-server)
    cd "$checkout"
    expect 0 'created deploy-bot as sa_[0-9]+ may org:read' bash -euc "$lines"
    ;;
  testing-your-code)
    begin guide-testing find-package-testing
    is_in "$(block "$guide" cmake testing)" "$ways/find-package-testing/CMakeLists.txt"
    block "$guide" cpp 'int main' >"$folder/guide-testing/my_test.cc"
    configure_and_build guide-testing -DCMAKE_PREFIX_PATH="$static"
    expect 0 '100% tests passed.* out of 1' ctest --test-dir "$folder/guide-testing/build"
    ;;
  *) fail "no such guide: $1" ;;
esac
