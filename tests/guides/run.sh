#!/usr/bin/env bash
# run.sh EXPECTED COMMAND...: the command ends with 0, and prints what stands in the file; there a line
# of three dots stands for any lines, and three dots within a line for anything but its end.
set -euo pipefail
shopt -s extglob
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

# A pattern in which all but the dots stands for itself.
pattern=
while IFS= read -r line; do
  if [[ $line == '\.\.\.' ]]; then
    pattern+='*'
  else
    pattern+=${line//'\.\.\.'/"+([!"$'\n'"])"}$'\n'
  fi
done < <(sed 's/[^[:alnum:]]/\\&/g' "$1")

output=$("${@:2}" </dev/null && echo .) || fail "${*:2} failed"
output=${output%.}
# The pattern is to be one.
# shellcheck disable=SC2053
[[ $output == $pattern ]] || fail "${*:2} printed
$output
which is not what $1 says:
$(cat "$1")"
