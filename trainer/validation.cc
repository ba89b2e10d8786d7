#include "trainer/validation.h"

#include <vector>

#include "parallel/collectives.h"

namespace espalier {

absl::StatusOr<std::optional<SampleSums>> Validate(ShardRunner& runner, Loader& data, uint64_t seed,
                                                   const std::function<bool()>& stop_requested, Team* team) {
  ASSIGN_OR_RETURN(const std::optional<std::vector<ShardFigures>> mine, runner.Evaluate(data, seed, stop_requested));
  if (team->Any(!mine.has_value())) return std::nullopt;
  std::vector<std::vector<ShardFigures>> all = {*mine};
  if (team->workers() > 1) all = AllGatherVectors(team->communicator(), *mine);
  SampleSums sums;
  for (size_t round = 0; round < all[0].size(); ++round) {
    for (const std::vector<ShardFigures>& worker : all) {
      if (round < worker.size()) sums.Add(worker[round]);
    }
  }
  return sums;
}

bool NoteValidation(double top1, const Phase& phase, bool pruning_over, const Output& output, CheckpointState* state) {
  const bool best = output.keep_best() && (!state->has_best() || top1 > state->best().value());
  if (best) {
    state->mutable_best()->set_step(state->global_step());
    state->mutable_best()->set_value(top1);
  }
  if (phase.has_early_stop() && pruning_over) {
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
