#include <service_accounts/service_account.h>

#include <tuple>

namespace service_accounts::v0 {
namespace {

auto Members(const ServiceAccount& a) {
  return std::tie(a.id, a.name, a.organization_id, a.created_by, a.description, a.permissions,
                  a.status, a.status_text, a.created_at, a.updated_at, a.disabled_at);
}

}  // namespace

bool operator==(const ServiceAccount& a, const ServiceAccount& b) {
  return Members(a) == Members(b);
}

}  // namespace service_accounts::v0
