#!/usr/bin/env bash
# What a linker sees of the library, by kind: symbols.sh static|shared.
set -euo pipefail
# shellcheck source=tests/package/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# The names of a list by nm, without address and letter.
names() { sed -E 's/^[0-9a-f ]* [A-Za-z] //'; }

case $1 in
  shared)
    library=$(find "$shared" -name libservice_accounts.so)
    exported=$(nm -D --defined-only -C "$library" | names | sed -E 's/^(vtable|typeinfo|typeinfo name) for //')
    grep -qF "service_accounts::v$abi::ServiceAccountsClient::CreateServiceAccount(" <<<"$exported" ||
      fail "no call is exported"
    ! grep -vE "^service_accounts::v$abi::" <<<"$exported" || fail "exported, and not ours: as above"
    # Of the inner namespace only what the headers call themselves.
    while read -r name; do
      grep -rqw "$name" include || fail "exported, and internal: $name"
    done < <(sed -nE "s/^service_accounts::v$abi::internal::(\w+).*/\1/p" <<<"$exported")

    dynamic=$(readelf -d "$library")
    grep -qF "Library soname: [libservice_accounts.so.$abi]" <<<"$dynamic" || fail "another soname: $dynamic"
    needed=$(sed -nE 's/.*NEEDED.*\[(.*)\]/\1/p' <<<"$dynamic")
    grep -q '^libcurl' <<<"$needed" || fail "libcurl is not needed"
    ! grep -vE '^(libcurl(-gnutls)?|libstdc\+\+|libc\+\+|libc\+\+abi|libgcc_s|libm|libc|ld-linux.*)\.so\.[0-9]+$' \
      <<<"$needed" || fail "needed, and neither libcurl nor a part of the compiler: as above"
    none "the library is looked for in a place of its own" 'R(UN)?PATH' <<<"$dynamic"
    ;;
  static)
    symbols=$(nm --extern-only "$static/lib/libservice_accounts.a" | names)
    grep -q '^_ZN16service_accounts' <<<"$symbols" || fail "no name of ours"
    # What is defined is ours by its mangled name, or comes out of the standard library's templates,
    # placement new and the types of C functions: the same wherever it comes from.
    defined=$(nm --extern-only --defined-only "$static/lib/libservice_accounts.a" | sed -nE 's/^[0-9a-f]+ [A-Za-z] //p')
    scope='_Z(T[A-Z]|GV)?Z*N?[rVK]*[RO]?'
    ! grep -vE "^$scope(16service_accounts|S[tabsiod]|9__gnu_cxx)|^_Zn[wa][jm]PvS?_?$|^_Zd[la]PvS_$|^_ZT[IS]P?F|^__clang_call_terminate$|^DW\.ref\." \
      <<<"$defined" || fail "defined, and neither ours nor of the standard library: as above"
    # Not even asked for: that would be the program's copy.
    none "RapidJSON outside our namespace" '(^|[^:])rapidjson::' <<<"$(c++filt <<<"$symbols")"
    grep -qF "service_accounts::v$abi::internal::rapidjson::" <<<"$(c++filt <<<"$symbols")" ||
      fail "RapidJSON is not where it is said to be"
    ;;
esac
