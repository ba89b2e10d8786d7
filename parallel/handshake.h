// What the ranks of a job compare before they train: ranks with another job, program or data would compute nonsense, or
// wait for each other for ever.
#ifndef ESPALIER_PARALLEL_HANDSHAKE_H_
#define ESPALIER_PARALLEL_HANDSHAKE_H_

#include <functional>
#include <string>
#include <vector>

#include "core/files/file_system.h"
#include "core/status.h"
#include "parallel/communicator.h"

namespace espalier {

// Something that must be the same on all ranks, "job".
struct SharedFact {
  std::string name;
  std::string value;
  // For people: what differs between a rank's value and rank 0's. Default: both, or of longer ones the first lines
  // that differ.
  std::function<std::string(const std::string& value, const std::string& first)> difference = {};
};

// OK if the facts of all ranks are equal. Else the same InvalidArgument on all: a line for each rank that differs from
// rank 0, "rank 2 (HOST): job differs from rank 0's: ...". Called by all ranks together.
absl::Status CompareFacts(Communicator* communicator, const std::string& host, const std::vector<SharedFact>& facts);

// OK if all ranks' are. Else the same error on all ranks, payloads included: that of the first rank which has one, with
// "rank 2 (HOST): " before its message, and how many more there are. Called by all ranks together.
absl::Status ShareStatus(Communicator* communicator, const std::string& host, const absl::Status& mine);

// Which program runs: its size and CRC-32C.
absl::StatusOr<std::string> ProgramIdentity(FileSystem* files, const std::string& path = "/proc/self/exe");

}  // namespace espalier

#endif  // ESPALIER_PARALLEL_HANDSHAKE_H_
