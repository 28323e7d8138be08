# The warnings that our own targets are built with; nothing of it reaches a consumer.
add_library(service_accounts_warnings INTERFACE)
if(MSVC)
  target_compile_options(service_accounts_warnings INTERFACE /W4 $<$<BOOL:${SERVICE_ACCOUNTS_WERROR}>:/WX>)
else()
  target_compile_options(service_accounts_warnings INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow $<$<BOOL:${SERVICE_ACCOUNTS_WERROR}>:-Werror>)
endif()
