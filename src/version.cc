#include <service_accounts/version.h>

// Two steps, so that the numbers and not their names are made text.
#define SERVICE_ACCOUNTS_TEXT_OF(value) #value
#define SERVICE_ACCOUNTS_TEXT(value) SERVICE_ACCOUNTS_TEXT_OF(value)

namespace service_accounts::v0 {

const char* Version() noexcept {
  return SERVICE_ACCOUNTS_TEXT(SERVICE_ACCOUNTS_VERSION_MAJOR) "." SERVICE_ACCOUNTS_TEXT(
      SERVICE_ACCOUNTS_VERSION_MINOR) "." SERVICE_ACCOUNTS_TEXT(SERVICE_ACCOUNTS_VERSION_PATCH);
}

}  // namespace service_accounts::v0
