# A release build is small where it does not matter how fast it is: all but the four files in which
# a call spends the time that is not libcurl's. Measured (docs/footprint.md): less than half the
# size of -O3 for a twentieth more instructions a call. MinSizeRel is smaller still.
if(CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang")
  get_target_property(sources service_accounts SOURCES)
  set_source_files_properties(${sources} PROPERTIES COMPILE_OPTIONS "$<$<CONFIG:Release>:-Os>")
  set_source_files_properties(
    src/curl/transfer.cc src/json_codec.cc src/service_account_json.cc src/text.cc
    PROPERTIES COMPILE_OPTIONS "$<$<CONFIG:Release>:-O2>")
endif()

# A static library's objects are for any linker, so this is for the shared one only. MinGW's g++ 12
# has an internal error with it, which CMake's check does not meet.
if(library_type STREQUAL "SHARED_LIBRARY" AND NOT MINGW)
  include(CheckIPOSupported)
  check_ipo_supported(RESULT has_ipo OUTPUT ignored LANGUAGES CXX)
  set_target_properties(service_accounts PROPERTIES
    INTERPROCEDURAL_OPTIMIZATION_RELEASE ${has_ipo}
    INTERPROCEDURAL_OPTIMIZATION_MINSIZEREL ${has_ipo})
endif()
