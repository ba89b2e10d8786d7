#include "trainer/exit_code.h"

#include "absl/strings/cord.h"

namespace espalier {
namespace {

constexpr char kMark[] = "espalier/bad_input";

}  // namespace

absl::Status BadInput(absl::Status status) {
  status.SetPayload(kMark, absl::Cord());  // ignored by OK
  return status;
}

ExitCode ExitCodeOf(const absl::Status& status) {
  if (status.ok()) return kDone;
  return status.GetPayload(kMark).has_value() ? kBadInput : kFailed;
}

}  // namespace espalier
