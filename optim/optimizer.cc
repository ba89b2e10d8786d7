#include "optim/optimizer.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/status.h"
#include "glog/logging.h"
#include "optim/update_kernels.h"
#include "proto/optimizer.pb.h"

namespace espalier {
namespace {

// Large enough to hide the cost of a task, small enough to share a small network among threads.
constexpr int64_t kBlockElements = 4096;

absl::Status CheckMultiplier(const Parameter& parameter, absl::string_view field, float value) {
  if (value >= 0 && std::isfinite(value)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("parameter ", parameter.name, ": expected 0 <= ", field, ", finite, found ", value));
}

}  // namespace

absl::StatusOr<std::unique_ptr<ParameterOptimizer>> ParameterOptimizer::Create(const Optimizer& config,
                                                                               const ParameterLayout& layout) {
  for (const Parameter& parameter : layout.parameters()) {
    RETURN_IF_ERROR(CheckMultiplier(parameter, "learning_rate_multiplier", parameter.learning_rate_multiplier));
    RETURN_IF_ERROR(CheckMultiplier(parameter, "weight_decay_multiplier", parameter.weight_decay_multiplier));
  }
  ASSIGN_OR_RETURN(UpdateRule rule, UpdateRule::Create(config));
  std::unique_ptr<ParameterOptimizer> optimizer(new ParameterOptimizer(std::move(rule)));
  optimizer->clip_norm_ = config.clip_norm();
  optimizer->Partition(layout, config.decay_all());
  for (const UpdateRule::Slot& slot : optimizer->rule_.slots) {
    Tensor values(DType::kF32, {layout.arena_elements()});
    if (slot.initial != 0) std::fill_n(values.data<float>(), values.elements(), slot.initial);
    optimizer->slots_.push_back(std::move(values));
  }
  return optimizer;
}

void ParameterOptimizer::Partition(const ParameterLayout& layout, bool decay_all) {
  arena_elements_ = layout.arena_elements();
  for (int i = 0; i < layout.size(); ++i) {
    const Parameter& parameter = layout[i];
    const float rate = parameter.learning_rate_multiplier;
    const bool decays = decay_all || parameter.role == ParameterRole::kWeight;
    const float decay = decays ? parameter.weight_decay_multiplier : 0;
    const int64_t end = i + 1 < layout.size() ? layout[i + 1].offset : arena_elements_;
    if (rate == 0) continue;
    int64_t begin = parameter.offset;
    const bool continues = !blocks_.empty() && blocks_.back().end == parameter.offset &&
                           segments_.back().rate_multiplier == rate && segments_.back().decay_multiplier == decay;
    if (continues) {
      begin = blocks_.back().begin;  // its last block may have room
      blocks_.pop_back();
    } else {
      segments_.push_back({rate, decay});
    }
    for (; begin < end; begin += kBlockElements) {
      blocks_.push_back({begin, std::min(begin + kBlockElements, end), static_cast<int>(segments_.size()) - 1});
    }
  }
  constants_.resize(segments_.size());
  block_sums_.resize(blocks_.size());
}

GradientNorm ParameterOptimizer::MeasureGradients(const float* gradients) {
  const int64_t blocks = blocks_.size();
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < blocks; ++i) {
    block_sums_[i] = SumOfSquares(gradients + blocks_[i].begin, blocks_[i].end - blocks_[i].begin);
  }
  GradientNorm norm;
  for (double sum : block_sums_) norm.sum_of_squares += sum;
  return norm;
}

std::vector<int64_t> ParameterOptimizer::BlockBegins() const {
  std::vector<int64_t> begins;
  for (const Block& block : blocks_) begins.push_back(block.begin);
  return begins;
}

float ParameterOptimizer::GradientScale(const GradientNorm& norm, double loss_scale) const {
  const double unscaled = norm.norm() / loss_scale;
  const double clipping = clips() && unscaled > clip_norm_ ? clip_norm_ / unscaled : 1;
  return static_cast<float>(clipping / loss_scale);
}

void ParameterOptimizer::StepRange(float* weights, const float* gradients, const StepInputs& inputs, int64_t begin,
                                   int64_t end) {
  CHECK(0 <= begin && begin <= end && end <= arena_elements_) << begin << " to " << end << " of " << arena_elements_;
  for (size_t i = 0; i < segments_.size(); ++i) {
    constants_[i] = rule_.ConstantsAt(inputs, segments_[i].rate_multiplier, segments_[i].decay_multiplier);
  }
  const auto first =
      std::partition_point(blocks_.begin(), blocks_.end(), [&](const Block& block) { return block.end <= begin; });
  const auto last = std::partition_point(first, blocks_.end(), [&](const Block& block) { return block.begin < end; });
  const int64_t count = last - first;
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < count; ++i) {
    const Block& block = first[i];
    const int64_t offset = std::max(block.begin, begin);
    UpdateRange range{weights + offset, gradients + offset, {nullptr, nullptr}, std::min(block.end, end) - offset};
    for (int slot = 0; slot < slot_count(); ++slot) range.slots[slot] = this->slot(slot) + offset;
    Update(rule_.kind, constants_[block.segment], range);
  }
}

}  // namespace espalier
