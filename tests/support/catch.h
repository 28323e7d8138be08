// Catch2, 3.x or 2.13. Tests use only what both have, so no matchers by name.
#ifndef SERVICE_ACCOUNTS_TESTS_SUPPORT_CATCH_H_
#define SERVICE_ACCOUNTS_TESTS_SUPPORT_CATCH_H_

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif

#endif  // SERVICE_ACCOUNTS_TESTS_SUPPORT_CATCH_H_
