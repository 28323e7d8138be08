# The warnings that our own targets are built with; nothing of it reaches a consumer.
add_library(service_accounts_warnings INTERFACE)
if(MSVC)
  target_compile_options(service_accounts_warnings INTERFACE /W4 $<$<BOOL:${SERVICE_ACCOUNTS_WERROR}>:/WX>)
else()
  target_compile_options(service_accounts_warnings INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow $<$<BOOL:${SERVICE_ACCOUNTS_WERROR}>:-Werror>
    # The headers open the ABI's inline namespace, and the sources say it shortly: service_accounts::v0.
    $<$<CXX_COMPILER_ID:Clang,AppleClang>:-Wno-inline-namespace-reopened-noninline>)
endif()
