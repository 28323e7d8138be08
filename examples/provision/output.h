// The output: JSON Lines, one line for each account of the manifest. README.md describes them.
#ifndef SERVICE_ACCOUNTS_EXAMPLES_PROVISION_OUTPUT_H_
#define SERVICE_ACCOUNTS_EXAMPLES_PROVISION_OUTPUT_H_

#include <string>

#include "provision/journal.h"
#include "provision/manifest.h"

namespace provision {

/// Without its end.
[[nodiscard]] std::string OutputLine(const ManifestEntry& entry, const Record& record);

/// Why the account is not known to be created, in words; "" where it is.
[[nodiscard]] std::string ErrorOf(const Record& record);

}  // namespace provision

#endif  // SERVICE_ACCOUNTS_EXAMPLES_PROVISION_OUTPUT_H_
