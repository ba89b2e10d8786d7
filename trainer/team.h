// What the workers of a run do together beside training: agree on errors and on when to stop, and share what the one
// who keeps the files knows.
#ifndef ESPALIER_TRAINER_TEAM_H_
#define ESPALIER_TRAINER_TEAM_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "core/status.h"
#include "parallel/activity.h"
#include "parallel/communicator.h"

namespace espalier {

class Team {
 public:
  // Of the workers of `communicator`; without one, of this process alone. Errors name the host; `activity`, if there is
  // one, learns what this worker waits for.
  explicit Team(Communicator* communicator, std::string host = "localhost", Activity* activity = nullptr);

  int worker() const { return communicator_->rank(); }
  int workers() const { return communicator_->size(); }
  // Worker 0, which reads and writes the run's files and talks to people.
  bool leads() const { return worker() == 0; }
  Communicator* communicator() { return communicator_; }

  // The error of the first worker that has one, for all of them, marked as shared; OK if none has.
  absl::Status Agree(const absl::Status& mine);
  // The leader's text; that of others is ignored.
  std::string Share(absl::string_view text);
  // Whether it is so on any worker.
  bool Any(bool mine);

 private:
  std::unique_ptr<Communicator> alone_;
  Communicator* const communicator_;
  const std::string host_;
  Activity* const activity_;
};

// Marks an error that every worker has, so that one of them tells it.
absl::Status Shared(absl::Status status);
bool IsShared(const absl::Status& status);

}  // namespace espalier

#endif  // ESPALIER_TRAINER_TEAM_H_
