// The version of the headers, and that of the library.
#include <service_accounts/version.h>

#include <iostream>

int main() {
  std::cout << SERVICE_ACCOUNTS_VERSION_MAJOR << '.' << SERVICE_ACCOUNTS_VERSION_MINOR << '.'
            << SERVICE_ACCOUNTS_VERSION_PATCH << ' ' << service_accounts::Version() << '\n';
}
