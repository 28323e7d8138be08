#!/usr/bin/env bash
# What a program and the library in it notice of each other beyond their calls: nothing.
set -euo pipefail
# shellcheck source=tests/package/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

series=${version%.*}  # versions of which take each other's place
probe=$folder/probe-$1

# finds STATUS PATTERN PREFIXES WANTED: what find_package(service_accounts WANTED) comes to, and says.
finds() {
  rm -rf "$probe"
  expect "$1" "$2" cmake -S "$ways/versions" -B "$probe" -DCMAKE_PREFIX_PATH="$3" -DWANTED="$4"
}

# finds_version VERSION PREFIXES WANTED: and a program runs with that version.
finds_version() {
  finds 0 'Configuring done' "$2" "$3"
  quietly cmake --build "$probe" || fail "could not build, as said above"
  expect 0 "^$1 $1 $" "$probe/version"
}

case $1 in
  leaks)  # Looks at what use.sh has built.
    host=$folder/add-subdirectory/build
    command=$(grep '"command": .*main\.cc' "$host/compile_commands.json")
    none "a flag for warnings" ' -W' <<<"$command"
    none "a definition" ' -D' <<<"${command//-DSERVICE_ACCOUNTS_STATIC/}"
    none "the library's insides" 'service-accounts/src' <<<"$command"
    cmake --build "$host" --target help | none "a target for developers" \
      '(^|/|\.\.\. )(testing|.*_testing|mock-server|0.0-.*|demo|.*-tests|test|test_support|package|Nightly|Experimental)(\.dir)?(:|/|$)'
    expect 0 'Total Tests: 0' ctest --test-dir "$host" --show-only
    quietly cmake --install "$host" --prefix "$folder/of the host" || fail "could not install, as said above"
    [[ ! -e "$folder/of the host" ]] || fail "installed with the host: $(find "$folder/of the host")"
    ;;
  flags)
    begin flags add-subdirectory
    cp -r "$sources" "$folder/flags"
    configure_and_build flags -DCMAKE_BUILD_TYPE=Debug -DBUILD_SHARED_LIBS=ON -DCMAKE_CXX_STANDARD=20 \
      -DCMAKE_CXX_VISIBILITY_PRESET=hidden -DCMAKE_POSITION_INDEPENDENT_CODE=OFF \
      -DCMAKE_CXX_FLAGS="${CXXFLAGS:-} -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wold-style-cast -Wshadow -Werror"
    check_program "$folder/flags/build/my_program"
    ;;
  versions)
    for prefixes in "$older;$static" "$static;$older"; do
      finds_version 0.0.9 "$prefixes" "0.0;CONFIG;REQUIRED"
      finds_version "$version" "$prefixes" "$series;CONFIG;REQUIRED"
      # CMake says what it has found, with its version.
      for wanted in "$series.99" 99.0; do
        finds 1 "compatible with requested version \"$wanted\".*version: $version" "$prefixes" "$wanted;CONFIG;REQUIRED"
      done
    done
    ;;
  components)
    finds 1 'without its test kit, the component "testing".*SERVICE_ACCOUNTS_BUILD_TESTING=ON' \
      "$older" "CONFIG;REQUIRED;COMPONENTS;testing"
    finds 1 'no component "server"; its only one is "testing"' "$static" "CONFIG;REQUIRED;COMPONENTS;testing;server"
    finds_version 0.0.9 "$older" "CONFIG;REQUIRED;OPTIONAL_COMPONENTS;testing"
    ;;
  paths)
    texts=$(find "$static" -name '*.cmake' -o -name '*.pc')
    mapfile -t texts <<<"$texts"
    cat "${texts[@]}" | none "an absolute path in what is installed" '("|=|;|-[IL])/[[:alpha:]]'
    ! grep -rlF -e "$folder" -e "$PWD" "$shared" || fail "a path of this machine in what is installed, as above"
    ;;
  absolute)  # GNUInstallDirs out of the prefix: all, and the libraries alone.
    for headers in "$folder/absolute/headers" include; do
      rm -rf "$folder/absolute"
      sources=$folder/older/sources
      quietly cmake -S "$sources" -B "$sources/build/install" -DCMAKE_INSTALL_PREFIX="$folder/absolute/prefix" \
        -DCMAKE_INSTALL_LIBDIR="$folder/absolute/libraries" -DCMAKE_INSTALL_INCLUDEDIR="$headers" ||
        fail "could not configure, as said above"
      quietly cmake --install "$sources/build/install" || fail "could not install, as said above"
      finds_version 0.0.9 "$folder/absolute/libraries/cmake/service_accounts" "CONFIG;REQUIRED"
      pkg_config absolute-pkg-config "$folder/absolute"
    done
    ;;
  *) fail "no such test: $1" ;;
esac
