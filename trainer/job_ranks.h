// The ranks of a job, as the trainer program sees them: MPI started if there are several, each on its processors,
// divided into those that train and those that hold weights, watched, and ended together when one fails.
#ifndef ESPALIER_TRAINER_JOB_RANKS_H_
#define ESPALIER_TRAINER_JOB_RANKS_H_

#include <memory>
#include <string>
#include <vector>

#include "core/status.h"
#include "parallel/activity.h"
#include "parallel/communicator.h"
#include "parallel/handshake.h"
#include "parallel/placement.h"
#include "parallel/rank_output.h"
#include "parallel/watchdog.h"
#include "proto/job.pb.h"
#include "trainer/team.h"

namespace espalier {

class JobRanks {
 public:
  // Starts MPI if this process is a rank of an MPI job, and sets the number of OpenMP threads.
  static absl::StatusOr<std::unique_ptr<JobRanks>> Start(int* argc, char*** argv);

  Communicator* world() { return world_.get(); }
  int size() const { return world_->size(); }
  bool leads() const { return world_->rank() == 0; }
  const std::string& host() const { return places_[world_->rank()].host; }
  Activity* activity() { return &activity_; }
  // Of the processors that the ranks have; for the leader to print.
  std::vector<std::string> Warnings() const;
  std::string DescribePlaces() const { return DescribePlacement(places_); }

  // The first error of any rank, for all of them.
  absl::Status Agree(const absl::Status& mine) { return everyone_.Agree(mine); }
  // The last ranks hold weights, as the job says, the others train; all ranks must have the same job and program.
  // Called by all ranks together; all get the same error.
  absl::Status Divide(const Job& job);
  int servers() const { return servers_; }
  bool serves() const { return world_->rank() >= world_->size() - servers_; }
  // Those that train; null on the others.
  Communicator* workers() { return serves() ? nullptr : workers_.get(); }
  // Compares what those that train know of their data.
  absl::Status CompareWorkers(const std::vector<SharedFact>& facts);

  // Ends this rank where nothing moves for longer than the job allows. Not where it is alone.
  void Watch(const Job& job);

  // The exit code for an error, once it is told: an error that all ranks share by the leader; any other by this rank,
  // which then ends the job.
  int Fail(const absl::Status& status);

 private:
  JobRanks(std::unique_ptr<Communicator> world, std::vector<RankPlace> places);

  const std::unique_ptr<Communicator> world_;
  const std::vector<RankPlace> places_;
  Team everyone_;
  RankOutput output_;
  Activity activity_;
  int servers_ = 0;
  std::unique_ptr<Communicator> workers_;
  std::unique_ptr<WatchdogThread> watchdog_;
};

}  // namespace espalier

#endif  // ESPALIER_TRAINER_JOB_RANKS_H_
