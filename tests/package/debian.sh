#!/usr/bin/env bash
# The packages that setup.sh has made: debian.sh content|use. Nothing is installed on this machine.
set -euo pipefail
# shellcheck source=tests/package/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

architecture=$(dpkg --print-architecture)
runtime=$folder/debian/build/debian/libservice-accounts${abi}_${version}_$architecture.deb
development=$folder/debian/build/debian/libservice-accounts-dev_${version}_$architecture.deb

# field PACKAGE NAME PATTERN: the whole of the field is like that.
field() {
  local value
  value=$(dpkg-deb --field "$1" "$2")
  grep -qxE -- "$3" <<<"$value" || fail "${1##*/}: $2 is \"$value\", not \"$3\""
}

# files PACKAGE: the names of its files and links, in order, with the directory of libraries as LIB.
files() {
  dpkg-deb --contents "$1" | sed -nE 's,^[-l].{9} .* \./([^ ]*)( -> .*)?$,\1\2,p' |
    sed -E 's,usr/lib/[^/ ]*-linux-[^/ ]*,LIB,' | sort
}

case $1 in
  content)
    [[ $(find "$folder/debian/build/debian" -maxdepth 1 -name '*.deb' | wc -l) == 2 ]] || fail "not two packages"
    field "$runtime" Package "libservice-accounts$abi"
    field "$runtime" Section libs
    field "$runtime" Depends '.*libc6 \(>= .*libcurl4.*libstdc\+\+6 .*'
    field "$development" Package libservice-accounts-dev
    field "$development" Section libdevel
    field "$development" Depends "libservice-accounts$abi \(= $version\)"
    for package in "$runtime" "$development"; do
      field "$package" Version "$version"
      field "$package" Architecture "$architecture"
      field "$package" Maintainer 'service-accounts authors <service-accounts@example\.org>'
      field "$package" Description 'C\+\+ client that creates a service account at most once.*'
      [[ -z $(dpkg-deb --field "$package" Homepage) ]] || fail "a homepage"
      dpkg-deb --contents "$package" | none "not root's" '^.{10} (root/[^r]|[^r])'
    done
    [[ $(dpkg-deb --info "$runtime" shlibs) == "libservice_accounts $abi libservice-accounts$abi (>= $version)" ]] ||
      fail "other shlibs: $(dpkg-deb --info "$runtime" shlibs)"

    diff <(files "$runtime") - <<END || fail "libservice-accounts$abi holds something else"
LIB/libservice_accounts.so.$abi -> libservice_accounts.so.$version
LIB/libservice_accounts.so.$version
usr/share/doc/libservice-accounts$abi/copyright
END
    # The headers are those of the project, one by one.
    diff <(files "$development") - <<END || fail "libservice-accounts-dev holds something else"
LIB/cmake/service_accounts/service_accounts-config-version.cmake
LIB/cmake/service_accounts/service_accounts-config.cmake
LIB/cmake/service_accounts/service_accounts-targets-release.cmake
LIB/cmake/service_accounts/service_accounts-targets.cmake
LIB/cmake/service_accounts/service_accounts-testing-targets-release.cmake
LIB/cmake/service_accounts/service_accounts-testing-targets.cmake
LIB/libservice_accounts.so -> libservice_accounts.so.$abi
LIB/libservice_accounts_testing.a
LIB/pkgconfig/service_accounts.pc
$(find include -name '*.h' | sed 's,^,usr/,' | sort)
usr/share/doc/libservice-accounts-dev/copyright
END
    ;;
  use)
    root="$folder/debian root"
    rm -rf "$root"
    mkdir "$root"
    for package in "$runtime" "$development"; do dpkg-deb --extract "$package" "$root"; done
    find_package use-debian "$root/usr" -DCMAKE_DISABLE_FIND_PACKAGE_CURL=ON
    find_package_testing use-debian-testing "$root/usr"
    pkg_config use-debian-pkg-config "$root/usr"
    ;;
  *) fail "no such test: $1" ;;
esac
