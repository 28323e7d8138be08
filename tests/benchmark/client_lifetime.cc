// A client built and destroyed without a call: the time of the first, and the mean of the others.
#include <service_accounts/service_accounts.h>

#include <chrono>
#include <cstdio>

namespace sa = service_accounts;

namespace {

double Microseconds(int count) {
  sa::ClientOptions options;
  options.base_url = "https://accounts.test";
  options.credentials = sa::BearerToken("token");
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < count; ++i) const sa::ServiceAccountsClient client(options);
  const std::chrono::duration<double, std::micro> spent = std::chrono::steady_clock::now() - begin;
  return spent.count() / count;
}

}  // namespace

int main() {
  const double first = Microseconds(1);
  std::printf("{\"first_microseconds\": %.3f, \"microseconds\": %.3f}\n", first,
              Microseconds(100'000));
}
