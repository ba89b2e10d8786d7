#include "trainer/team.h"

#include <utility>

#include "absl/strings/cord.h"
#include "parallel/collectives.h"
#include "parallel/handshake.h"

namespace espalier {
namespace {

constexpr char kMark[] = "espalier/shared";

}  // namespace

Team::Team(Communicator* communicator, std::string host, Activity* activity)
    : alone_(communicator == nullptr ? MakeSelfCommunicator() : nullptr),
      communicator_(communicator == nullptr ? alone_.get() : communicator),
      host_(std::move(host)),
      activity_(activity) {}

absl::Status Team::Agree(const absl::Status& mine) {
  const Waiting waiting(activity_, "the agreement of all ranks");
  return workers() == 1 ? mine : Shared(ShareStatus(communicator_, host_, mine));
}

std::string Team::Share(absl::string_view text) {
  const Waiting waiting(activity_, "the word of rank 0");
  return workers() == 1 ? std::string(text) : BroadcastString(communicator_, text, 0);
}

bool Team::Any(bool mine) {
  const Waiting waiting(activity_, "the answer of all ranks");
  return workers() == 1 ? mine : AnyRank(communicator_, mine);
}

absl::Status Shared(absl::Status status) {
  status.SetPayload(kMark, absl::Cord());  // ignored by OK
  return status;
}

bool IsShared(const absl::Status& status) { return status.GetPayload(kMark).has_value(); }

}  // namespace espalier
