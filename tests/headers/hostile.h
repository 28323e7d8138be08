// What may stand before the public headers in a program, none of it friendly: macros in the shape
// that widespread headers give them. The standard library comes before them, since it does not
// bear all of them itself; what the public headers take of it has to be here.
//
// Nothing here is used. ./scripts/check compiles the public headers behind it.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <future>
#include <initializer_list>
#include <iosfwd>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

// Windows
#define min(a, b) (((a) < (b)) ? (a) : (b))
#define max(a, b) (((a) > (b)) ? (a) : (b))
#define small char
#define hyper long long
#define interface struct
#define near
#define far
#define pascal
#define cdecl
#define IN
#define OUT
#define OPTIONAL
#define CONST const
#define VOID void
#define STRICT 1
#define TRUE 1
#define FALSE 0
#define ERROR 0
#define NO_ERROR 0L
#define DELETE (0x00010000L)
#define IGNORE 0
#define INFINITE 0xFFFFFFFF
#define Yield()
#define CreateService CreateServiceA
#define DeleteFile DeleteFileA
#define GetMessage GetMessageA
#define GetObject GetObjectA
#define SendMessage SendMessageA
#define _T(text) L##text
#define TEXT(text) L##text
#define U(text) L##text

// X11
#define Above 0
#define Always 2
#define BadRequest 1
#define Below 1
#define Bool int
#define Complex 0
#define False 0
#define Status int
#define Success 0
#define True 1
#define Unsorted 0

// Unix: <sys/sysmacros.h>, <math.h>, <complex.h>, and compilers that are not strict
#define major(device) (((device) >> 8) & 0xff)
#define minor(device) ((device)&0xff)
#define makedev(major_number, minor_number) (((major_number) << 8) | (minor_number))
#define DOMAIN 1
#define OVERFLOW 3
#define UNDERFLOW 4
#define I _Complex_I
#define linux 1
#define unix 1

// macOS
#define check(assertion)
#define require(assertion, label)
#define verify(assertion)
#undef assert
#define assert(condition) ((void)0)

// Qt
#define emit
#define foreach(variable, container) for (variable : container)
#define forever for (;;)
#define signals public
#define slots

// Arduino, test frameworks, logging
#define B1 1
#define F(text) (text)
#define CHECK(condition) ((void)0)
#define LOG(level) ((void)0)
#define FAIL() ((void)0)
#define DEBUG 1
#define INFO 1
#define OK 0
