# shellcheck shell=bash
# What the scripts beside this file share; sourced by them, with the root of the project as the
# working directory from then on.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

# The packages of Debian 12 and Ubuntu 24.04; the callers use the lists.
# shellcheck disable=SC2034
{
  build_packages=(g++ cmake ninja-build libcurl4-openssl-dev rapidjson-dev ca-certificates)
  kit_packages=(libboost-dev nlohmann-json3-dev)
  test_packages=(catch2 libssl-dev openssl dpkg-dev file make pkgconf libcli11-dev)
  check_packages=(clang-14 clang-format-14 clang-tidy-14 libc++-14-dev libc++abi-14-dev git shellcheck)
  site_packages=(doxygen python3)
  browser_packages=(chromium fonts-dejavu-core)
}

# `cmake --build` and `ctest` go by these.
export CMAKE_BUILD_PARALLEL_LEVEL="${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}"
export CTEST_PARALLEL_LEVEL="${CTEST_PARALLEL_LEVEL:-$CMAKE_BUILD_PARALLEL_LEVEL}"

say() { printf '==> %s\n' "$*"; }

# The last word of a script that cannot go on.
fail() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# Runs a command, and shows what it printed only when it fails.
quietly() {
  local output status=0
  output=$("$@" 2>&1 </dev/null) || status=$?
  ((status == 0)) || printf '%s\n' "$output" >&2
  return "$status"
}

# Those of the packages that are not fully installed, on one line.
missing_packages() {
  comm -23 <(printf '%s\n' "$@" | sort -u) \
    <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null |
      sed -n 's/^installed //p' | sort -u) | paste -sd ' ' -
}

# fail_packages WHY MISSING: the last word where packages cannot be installed.
fail_packages() {
  fail "$1 An administrator can:
    apt-get install $2
  Where these have other names, install what they hold and set SERVICE_ACCOUNTS_SKIP_INSTALL=1."
}

# Installs those of the packages that are missing, as root or with sudo.
install_packages() {
  local missing as_root=(env)
  if [[ -n ${SERVICE_ACCOUNTS_SKIP_INSTALL:-} ]]; then
    say "packages: not looked at, as SERVICE_ACCOUNTS_SKIP_INSTALL says"
    return
  fi
  missing=$(missing_packages "$@")
  if [[ -z $missing ]]; then
    say "packages: all there"
    return
  fi
  command -v apt-get >/dev/null ||
    fail_packages "packages are missing, and there is no apt-get to install them with." "$missing"
  if [[ $(id -u) != 0 ]]; then
    command -v sudo >/dev/null ||
      fail_packages "packages are missing, and installing them takes root or sudo." "$missing"
    as_root=(sudo env)
  fi
  as_root+=(DEBIAN_FRONTEND=noninteractive apt-get -y -o DPkg::Lock::Timeout=120)

  say "packages: installing $missing (this may take some minutes)"
  quietly "${as_root[@]}" update || say "packages: no fresh lists, trying with those at hand"
  # Word by word, and never at the price of a package that somebody chose to have.
  # shellcheck disable=SC2086
  quietly "${as_root[@]}" install --no-install-recommends --no-remove $missing ||
    fail_packages "apt-get could not install every package, as said above." "$missing"
}

# configure PRESET [ARGUMENT of cmake...]
configure() {
  say "configuring build/$1"
  quietly cmake --preset "$@" || fail "could not configure the preset \"$1\", as said above."
}

# build PRESET [ARGUMENT of cmake --build...]
build() {
  local run=(quietly)
  [[ ! -t 1 ]] || run=()  # Somebody looks on: show Ninja's progress.
  say "building build/$1 (the first time takes a while)"
  "${run[@]}" cmake --build --preset "$@" || fail "could not build the preset \"$1\", as said above."
}
