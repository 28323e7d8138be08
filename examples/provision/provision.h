// One run: sends what the journal does not know as created, so many at a time, and tells what came
// of each account of the manifest.
//
//   const Summary summary = Provision(client_options, manifest.entries, &journal, options,
//                                     [](const ManifestEntry& entry, const Record& record) {
//                                       return Print(entry.request.name, record.outcome);
//                                     });
#ifndef SERVICE_ACCOUNTS_EXAMPLES_PROVISION_PROVISION_H_
#define SERVICE_ACCOUNTS_EXAMPLES_PROVISION_PROVISION_H_

#include <service_accounts/cancellation.h>
#include <service_accounts/client_options.h>

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "provision/journal.h"
#include "provision/manifest.h"

namespace provision {

/// What to do with accounts of which it is unknown whether they exist.
enum class Unknowns { kLeave, kAssumeCreated, kRetry };

struct ProvisionOptions {
  std::size_t max_in_flight = 16;  ///< At least 1.
  double rate = 0;                 ///< Requests begun in a second; 0: as they come.
  Unknowns unknowns = Unknowns::kLeave;
  std::set<std::string> only;  ///< The names that `unknowns` is about; empty: all.

  service_accounts::CancellationToken stop;  ///< Begins nothing more, and awaits what is under way.
  service_accounts::CancellationToken cancel;  ///< Ends that, too.
};

enum class Action { kNone, kSend, kAssume };

/// What a run does about an account.
[[nodiscard]] Action ActionFor(const ManifestEntry& entry, const Records& records,
                               const ProvisionOptions& options);

/// The accounts of the manifest.
struct Summary {
  std::size_t created = 0;
  std::size_t missing = 0;
  std::size_t unknown = 0;
  std::string trouble;         ///< Why the run ended early, where the journal could not be written.
  bool token_refused = false;  ///< So the run ended early: all others would have been refused, too.
};

/// Told of each account of the manifest once, on the caller's thread, when the journal holds what
/// is told. False: nothing more is to begin.
using OnResult = std::function<bool(const ManifestEntry&, const Record&)>;

/// Blocks until all that was begun has ended. `entries` do not contradict the journal. The client's
/// observer is the run's own. Throws `JournalError` where nothing was sent and told, as what is
/// assumed could not be kept.
[[nodiscard]] Summary Provision(service_accounts::ClientOptions client_options,
                                const std::vector<ManifestEntry>& entries, Journal* journal,
                                const ProvisionOptions& options, const OnResult& on_result);

}  // namespace provision

#endif  // SERVICE_ACCOUNTS_EXAMPLES_PROVISION_PROVISION_H_
