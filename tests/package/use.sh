#!/usr/bin/env bash
# Builds and runs README's program in one way to use the library: use.sh WAY. Each way is a project in
# a folder here; installations are where setup.sh has put them.
set -euo pipefail
# shellcheck source=tests/package/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# build_within WAY: a build that has the library's as a part.
build_within() {
  configure_and_build "$1" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_EXPORT_COMPILE_COMMANDS=ON
  check_program "$folder/$1/build/my_program"
}

case $1 in
  find-package-static) find_package "$1" "$static" ;;
  # A program that uses the shared library needs nothing of libcurl's.
  find-package-shared) find_package "$1" "$shared" -DCMAKE_DISABLE_FIND_PACKAGE_CURL=ON ;;
  find-package-testing-static) find_package_testing "$1" "$static" ;;
  find-package-testing-shared) find_package_testing "$1" "$shared" ;;
  pkg-config-static) pkg_config "$1" "$static" ;;
  pkg-config-shared) pkg_config "$1" "$shared" ;;
  add-subdirectory)
    begin "$1" "$1"
    cp -r "$sources" "$folder/$1"
    build_within "$1"
    ;;
  fetch-content)
    begin "$1" "$1"
    tar czf "$folder/$1/service-accounts.tar.gz" -C "$folder" service-accounts
    build_within "$1"
    ;;
  *) fail "no such way: $1" ;;
esac
