// The `main` of the tests with Catch2 2.13. Catch2 3.x brings its own as a library, and this file
// is empty then.
#if !__has_include(<catch2/catch_all.hpp>)
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
#endif
