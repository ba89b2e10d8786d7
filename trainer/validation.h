// Validation: the loss and counts over a data set, and what they decide: the best checkpoint and the early stop.
#ifndef ESPALIER_TRAINER_VALIDATION_H_
#define ESPALIER_TRAINER_VALIDATION_H_

#include <functional>
#include <optional>

#include "core/status.h"
#include "data/loader.h"
#include "proto/checkpoint.pb.h"
#include "proto/job.pb.h"
#include "trainer/network.h"
#include "trainer/run_state.h"

namespace espalier {

// One pass over `data` with the network's evaluation graph. Nothing if `stop_requested` says so in between. Errors are
// those of the data.
absl::StatusOr<std::optional<SampleSums>> Validate(Network& network, Loader& data, uint64_t seed,
                                                   const std::function<bool()>& stop_requested);

// Takes note of a validation top-1 (a fraction) at the state's step: of the best, if the output keeps it, and of the
// validations without gain. Returns whether it is the best.
bool NoteValidation(double top1, const Phase& phase, const Output& output, CheckpointState* state);

// Whether the phase's early stop has ended it.
bool StoppedEarly(const Phase& phase, const CheckpointState& state);

}  // namespace espalier

#endif  // ESPALIER_TRAINER_VALIDATION_H_
