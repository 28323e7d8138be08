#!/usr/bin/env bash
# What README shows of the ways to use the library is what the tests here do: its lines for CMake and
# make are the projects' own. Its program, and its lines for a shell, are taken from it and run.
set -euo pipefail
# shellcheck source=tests/package/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# is_of WAY LANGUAGE WORD: the block with the word stands in that project.
is_of() {
  local lines
  lines=$(readme "$2" "$3")
  [[ $(cat "$ways/$1"/*) == *"$lines"* ]] || fail "not in tests/package/$1, but in README.md: $lines"
}

is_of add-subdirectory cmake 'add_subdirectory('
is_of fetch-content cmake 'FetchContent_MakeAvailable('
is_of find-package cmake 'CONFIG REQUIRED)'
is_of find-package-testing cmake 'COMPONENTS testing)'
is_of pkg-config make pkg-config
[[ $(grep -cE '^```(cmake|make)$' README.md) == 5 ]] || fail "README.md has more lines for CMake or make than are looked at"
