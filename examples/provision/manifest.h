// The manifest: JSON Lines, one request a line, with the members that the request's body has.
//
//   std::ifstream file("accounts.jsonl");
//   const Manifest manifest = ReadManifest(file);
//   for (const ManifestProblem& problem : manifest.problems) Show(problem.line, problem.what);
#ifndef SERVICE_ACCOUNTS_EXAMPLES_PROVISION_MANIFEST_H_
#define SERVICE_ACCOUNTS_EXAMPLES_PROVISION_MANIFEST_H_

#include <service_accounts/create_service_account_request.h>

#include <cstddef>
#include <istream>
#include <string>
#include <vector>

namespace provision {

struct ManifestEntry {
  std::size_t line = 0;  ///< Counts from 1.
  service_accounts::CreateServiceAccountRequest request;
  /// Of the body that would be sent: other members, another digest; other white space, the same.
  std::string digest;
};

struct ManifestProblem {
  std::size_t line = 0;
  std::string what;
};

struct Manifest {
  std::vector<ManifestEntry> entries;  ///< The good ones; no two have the same name.
  std::vector<ManifestProblem> problems;
};

/// Reads to the end, past what is wrong, so that all of it can be told at once. Blank lines are
/// skipped.
[[nodiscard]] Manifest ReadManifest(std::istream& in);

/// A name for people's eyes, in quotes, with control characters escaped.
[[nodiscard]] std::string Quoted(const std::string& name);

}  // namespace provision

#endif  // SERVICE_ACCOUNTS_EXAMPLES_PROVISION_MANIFEST_H_
