# Linux on 32-bit ARM: `long`, `size_t` and `time_t` have 32 bits, and `char` has no sign.
set(CMAKE_SYSTEM_PROCESSOR arm)
set(cross_target armhf)
set(cross_triplet arm-linux-gnueabihf)
set(cross_emulator qemu-arm)
# g++ remarks on what its versions before 7 did otherwise.
set(CMAKE_CXX_FLAGS_INIT -Wno-psabi)
include(${CMAKE_CURRENT_LIST_DIR}/debian.cmake)
