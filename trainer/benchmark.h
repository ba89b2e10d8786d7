// `--benchmark_steps` and `--profile_steps`: full training steps on one in-memory batch, timed.
#ifndef ESPALIER_TRAINER_BENCHMARK_H_
#define ESPALIER_TRAINER_BENCHMARK_H_

#include <ostream>

#include "core/status.h"
#include "proto/job_loader.h"
#include "trainer/job_ranks.h"

namespace espalier {

// 3 warm-up steps, then `steps` timed ones: forward, backward, exchange, update, by all ranks. The leader prints
// "images_per_s: X", the global batch over its median step, and what it ran on.
absl::Status RunBenchmark(const JobDocument& document, int steps, JobRanks* ranks, std::ostream* out);

// The same steps with every kernel timed: a table by operator kind, one by layer, the share of the machine's measured
// peak, and the reorders that remain.
absl::Status RunProfile(const JobDocument& document, int steps, JobRanks* ranks, std::ostream* out);

// The plan of the job's training step, in text.
absl::Status DumpPlan(const JobDocument& document, JobRanks* ranks, std::ostream* out);

}  // namespace espalier

#endif  // ESPALIER_TRAINER_BENCHMARK_H_
