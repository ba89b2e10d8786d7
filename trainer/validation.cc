#include "trainer/validation.h"

namespace espalier {

absl::StatusOr<std::optional<SampleSums>> Validate(Network& network, Loader& data, uint64_t seed,
                                                   const std::function<bool()>& stop_requested) {
  SampleSums sums;
  data.Seek(0, 0);
  for (int64_t i = 0; i < data.batches_per_epoch(); ++i) {
    if (stop_requested()) return std::nullopt;
    ASSIGN_OR_RETURN(const Batch* batch, data.Next());
    const double loss = network.Evaluate(batch->images, batch->labels, {seed, 0});
    sums.Add(loss, network.LastCounts());
  }
  return sums;
}

bool NoteValidation(double top1, const Phase& phase, const Output& output, CheckpointState* state) {
  const bool best = output.keep_best() && (!state->has_best() || top1 > state->best().value());
  if (best) {
    state->mutable_best()->set_step(state->global_step());
    state->mutable_best()->set_value(top1);
  }
  if (phase.has_early_stop()) {
    EarlyStopState* early = state->mutable_early_stop();
    if (!early->has_best_value() || top1 > early->best_value() + phase.early_stop().minimum_gain()) {
      early->set_best_value(top1);
      early->set_validations_without_gain(0);
    } else {
      early->set_validations_without_gain(early->validations_without_gain() + 1);
    }
  }
  return best;
}

bool StoppedEarly(const Phase& phase, const CheckpointState& state) {
  return phase.has_early_stop() && state.early_stop().validations_without_gain() >= phase.early_stop().patience();
}

}  // namespace espalier
