// The export macro. Not for use by programs.
//
// SERVICE_ACCOUNTS_STATIC is defined by the CMake target of a static build,
// SERVICE_ACCOUNTS_BUILDING only while the library itself is compiled.
#ifndef SERVICE_ACCOUNTS_EXPORT_H_
#define SERVICE_ACCOUNTS_EXPORT_H_

#if defined(SERVICE_ACCOUNTS_STATIC)
#define SERVICE_ACCOUNTS_EXPORT
#elif defined(_WIN32) && defined(SERVICE_ACCOUNTS_BUILDING)
#define SERVICE_ACCOUNTS_EXPORT __declspec(dllexport)
#elif defined(_WIN32)
#define SERVICE_ACCOUNTS_EXPORT __declspec(dllimport)
#else
#define SERVICE_ACCOUNTS_EXPORT __attribute__((visibility("default")))
#endif

#endif  // SERVICE_ACCOUNTS_EXPORT_H_
