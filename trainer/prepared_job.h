// A job proven and ready to run: its data open, its network planned, its phases laid out in steps.
#ifndef ESPALIER_TRAINER_PREPARED_JOB_H_
#define ESPALIER_TRAINER_PREPARED_JOB_H_

#include <memory>
#include <string>
#include <vector>

#include "compression/fixed_point_plan.h"
#include "compression/prune_plan.h"
#include "compression/share_plan.h"
#include "core/status.h"
#include "data/loader.h"
#include "proto/job_loader.h"
#include "trainer/network.h"
#include "trainer/shard_runner.h"
#include "trainer/work_share.h"

namespace espalier {

struct PreparedPhase {
  std::string name;  // "phase 2" where the job gives none
  int64_t steps = 0;
  // The phase that brought the optimizer in force, itself or one before: there the slots start from zero. 0 with the
  // job's own.
  int optimizer_owner = 0;
  const Optimizer* optimizer = nullptr;
  int slots = 0;  // that the optimizer keeps beside each weight
  PhasePruning pruning;
  PhaseSharing sharing;
  PhaseFixedPoint fixed_point;
};

// The worker for whom a job is prepared.
struct WorkerPlace {
  int worker = 0, workers = 1;
  int threads = 0;  // OpenMP's; 0: as many as it has now
  // For batch norm over the global batch, if the job asks for that; not needed by a single worker.
  ChannelReducer* channel_reducer = nullptr;
};

struct PreparedJob {
  JobDocument document;
  WorkShare share;
  std::unique_ptr<Loader> train_data;       // this worker's rows
  std::unique_ptr<Loader> validation_data;  // every workers-th batch; null: the job has none
  std::unique_ptr<Network> network;
  std::unique_ptr<ShardRunner> runner;
  std::vector<PreparedPhase> phases;

  const Job& job() const { return document.job; }
  int64_t steps_per_epoch() const { return train_data->batches_per_epoch(); }
};

// Opens the data, lays out the phases, builds and plans the network; writes nothing. The error has all problems, a line
// each. Data paths are relative to `data_dir`.
absl::StatusOr<std::unique_ptr<PreparedJob>> PrepareJob(JobDocument document, const std::string& data_dir,
                                                        const WorkerPlace& place = {});

// What the job is and what it takes: model, data, precision, memory, phases.
std::string DescribeJob(const PreparedJob& job);
// A row for each layer of the model: output shape, parameters, multiply-accumulates of a sample.
std::string DescribeLayers(const PreparedJob& job);

}  // namespace espalier

#endif  // ESPALIER_TRAINER_PREPARED_JOB_H_
