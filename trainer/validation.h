// Validation: the loss and counts over a data set, and what they decide: the best checkpoint and the early stop.
#ifndef ESPALIER_TRAINER_VALIDATION_H_
#define ESPALIER_TRAINER_VALIDATION_H_

#include <functional>
#include <optional>

#include "core/status.h"
#include "data/loader.h"
#include "proto/checkpoint.pb.h"
#include "proto/job.pb.h"
#include "trainer/run_state.h"
#include "trainer/shard_runner.h"
#include "trainer/team.h"

namespace espalier {

// One pass over the validation data by all workers, of whose batches `data` has this worker's: every sample counts
// once, and the sums are in the order of the batches, whoever evaluated them. Nothing if `stop_requested` says so in
// between on some worker. Errors are those of this worker's data.
absl::StatusOr<std::optional<SampleSums>> Validate(ShardRunner& runner, Loader& data, uint64_t seed,
                                                   const std::function<bool()>& stop_requested, Team* team);

// Takes note of a validation top-1 (a fraction) at the state's step: of the best, if the output keeps it, and of the
// validations without gain. Returns whether it is the best. As long as a gradual pruning is not over, top-1 may well
// fall, and validations do not count for the early stop.
bool NoteValidation(double top1, const Phase& phase, bool pruning_over, const Output& output, CheckpointState* state);

// Whether the phase's early stop has ended it.
bool StoppedEarly(const Phase& phase, const CheckpointState& state);

}  // namespace espalier

#endif  // ESPALIER_TRAINER_VALIDATION_H_
