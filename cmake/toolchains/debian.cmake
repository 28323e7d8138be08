# What the toolchain files of Debian's other machines share. Such a file sets `cross_target`, Debian's
# name for the machine, `cross_triplet`, GNU's, and `cross_emulator`, which runs its programs here.
#
# The sysroot is made by scripts/cross, of that machine's own packages.
set(CMAKE_SYSTEM_NAME Linux)
get_filename_component(CMAKE_SYSROOT ${CMAKE_CURRENT_LIST_DIR}/../../build/sysroot-${cross_target} ABSOLUTE)
set(CMAKE_CXX_COMPILER ${cross_triplet}-g++)
set(CMAKE_LIBRARY_ARCHITECTURE ${cross_triplet})
set(CMAKE_CROSSCOMPILING_EMULATOR ${cross_emulator} -L ${CMAKE_SYSROOT})

set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
