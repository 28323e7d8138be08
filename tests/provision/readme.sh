#!/usr/bin/env bash
# The worked example of a README: each of its blocks for a shell is run, in one folder, and prints
# what the block of text behind it says. Run under mock-server:
#   readme.sh README FOLDER-OF-THE-PROGRAM
set -euo pipefail

readme=$(realpath "$1")
PATH=$(realpath "$2"):$PATH
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

# Each block into a file of its own, by its number and language.
awk '/^```/ { if (inside) { inside = 0 } else { inside = 1; file = sprintf("%02d.%s", ++count, substr($0, 4)) } next }
  inside { print > file }' "$readme"

# What differs from run to run.
same() { sed -E 's,http://127\.0\.0\.1:[0-9]+,https://accounts.example.com,; s,20[0-9-]+T[0-9:]+Z,TIME,' "$1"; }

compared=0
for block in [0-9][0-9].sh; do
  bash "$block" >actual 2>&1
  printf -v expected '%02d.text' $((10#${block%.sh} + 1))
  [[ -f $expected ]] || continue
  diff <(same "$expected") <(same actual) || { echo "readme: $block printed something else" >&2 && exit 1; }
  compared=$((compared + 1))
done
((compared == $(find . -name '*.text' | wc -l) && compared > 0)) || { echo "readme: a block of text was not compared" >&2 && exit 1; }
echo "readme: $compared blocks printed what they should"
