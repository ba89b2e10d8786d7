#include "parallel/plain_all_reduce.h"

#include <cmath>
#include <vector>

#include "parallel/collectives.h"
#include "parallel/shard_fold.h"
#include "parallel/shard_tree.h"

namespace espalier {
namespace {

ShardFigures SumFigures(const std::vector<ShardFigures>& all, int begin, int end) {
  if (end - begin == 1) return all[begin];
  const int middle = ShardMiddle(begin, end);
  ShardFigures sum = SumFigures(all, begin, middle);
  sum.Add(SumFigures(all, middle, end));
  return sum;
}

}  // namespace

absl::Status PlainAllReduce::Load(const Optimizer&, ParameterOptimizer* optimizer) {
  optimizer_ = optimizer;
  const size_t bytes = store_->layout().arena_elements() * sizeof(float);
  Broadcast(workers_, store_->weights(), bytes, 0);
  for (int slot = 0; slot < optimizer->slot_count(); ++slot) Broadcast(workers_, optimizer->slot(slot), bytes, 0);
  for (const auto& [name, tensor] : store_->states()) Broadcast(workers_, tensor.raw(), tensor.bytes(), 0);
  return absl::OkStatus();
}

absl::StatusOr<StepOutput> PlainAllReduce::FinishStep(const StepInput& input) {
  const int64_t elements = store_->exchange_elements();
  ShardFold fold(shards_, elements);
  std::vector<ShardFigures> figures;
  for (const auto& part : AllGatherVectors(workers_, input.figures)) {
    figures.insert(figures.end(), part.begin(), part.end());
  }
  for (int worker = 0; worker < workers_->size(); ++worker) {
    uint64_t count = input.partial_sums.size();
    Broadcast(workers_, &count, sizeof count, worker);
    for (uint64_t i = 0; i < count; ++i) {
      PartialSum sum;
      if (worker == workers_->rank()) sum = input.partial_sums[i];
      int node[2] = {sum.begin, sum.end};
      Broadcast(workers_, node, sizeof node, worker);
      std::vector<float> values(elements);
      if (worker == workers_->rank()) values.assign(sum.values, sum.values + elements);
      Broadcast(workers_, values.data(), values.size() * sizeof(float), worker);
      fold.Add(node[0], node[1], values.data());
    }
  }
  std::copy_n(fold.sums()[0].values, elements, store_->gradients());
  store_->UnpackStates();
  StepOutput output;
  output.figures = SumFigures(figures, 0, shards_);
  output.stop = AnyRank(workers_, input.stop_requested);
  GradientNorm norm;
  if (input.scaled || optimizer_->clips()) norm = optimizer_->MeasureGradients(store_->gradients());
  output.finite = !input.scaled || norm.finite();
  if (!output.finite || (!input.scaled && !std::isfinite(output.figures.loss))) return output;
  optimizer_->Step(store_->weights(), store_->gradients(),
                   {input.learning_rate, optimizer_->GradientScale(norm, input.loss_scale), input.optimizer_step});
  return output;
}

}  // namespace espalier
