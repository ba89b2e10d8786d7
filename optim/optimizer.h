// Applies an update rule to the parameter arenas: gradient scaling, clipping, weight decay, slots and weights in one
// pass over memory. Results depend neither on the number of threads nor on the processor's vector width.
//
// A training step:
//   const GradientNorm norm = optimizer->MeasureGradients(gradients);  // only to clip or to scale the loss
//   const float loss_scale = scaler.scale();                           // Update() may change it
//   if (scaler.Update(norm.finite())) {
//     optimizer->Step(weights, gradients, {rate, optimizer->GradientScale(norm, loss_scale), ++step});
//   }
#ifndef ESPALIER_OPTIM_OPTIMIZER_H_
#define ESPALIER_OPTIM_OPTIMIZER_H_

#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/parameters.h"
#include "core/tensor.h"
#include "optim/update_rule.h"

namespace espalier {

// The global L2 norm of the gradients as they stand in the arena (times the loss scale, if there is one).
struct GradientNorm {
  double sum_of_squares = 0;  // infinite or NaN if and only if a gradient is: squares of f32 cannot overflow f64

  double norm() const { return std::sqrt(sum_of_squares); }
  bool finite() const { return std::isfinite(sum_of_squares); }
};

class ParameterOptimizer {
 public:
  // Fails, naming the field, when a hyperparameter is out of its range or no rule is chosen. `layout` is read only
  // here. Slots start from zero (Adagrad's from its initial accumulator).
  static absl::StatusOr<std::unique_ptr<ParameterOptimizer>> Create(const Optimizer& config,
                                                                    const ParameterLayout& layout);

  // What the rule remembers beside the weights, for checkpoints: arenas of layout.arena_elements() floats.
  int slot_count() const { return static_cast<int>(slots_.size()); }
  const std::string& slot_name(int index) const { return rule_.slots[index].name; }  // "momentum", "mean", "square"
  float* slot(int index) const { return slots_[index].data<float>(); }
  float slot_initial(int index) const { return rule_.slots[index].initial; }  // of every element

  // Whether GradientScale() needs the norm even without loss scaling.
  bool clips() const { return clip_norm_ > 0; }
  // One parallel pass over the gradients of all parameters that are not frozen. Allocates nothing.
  GradientNorm MeasureGradients(const float* gradients);
  // What the last MeasureGradients added up, in this order: each block's sum of squares. Optimizers of an arena's parts
  // (layouts of their own, cut from the arena at some of BlockBegins()) find, one after the other, the whole's sums.
  absl::Span<const double> block_sums() const { return block_sums_; }
  // The arenas' elements at which blocks begin, ascending.
  std::vector<int64_t> BlockBegins() const;
  // 1 / loss_scale, times clip_norm / norm where the unscaled gradients' norm exceeds clip_norm.
  float GradientScale(const GradientNorm& norm, double loss_scale = 1) const;

  // Updates weights and slots in one pass; arenas of layout.arena_elements() floats. Parameters whose
  // learning_rate_multiplier is 0 (frozen) keep every bit of weights and slots. Allocates nothing.
  void Step(float* weights, const float* gradients, const StepInputs& inputs) {
    StepRange(weights, gradients, inputs, 0, arena_elements_);
  }
  // The part of a step for the arenas' elements [begin, end); the pointers are to the arenas' beginnings. Ranges that
  // cover the arena once, in any order, equal one Step. Not for several threads at once.
  void StepRange(float* weights, const float* gradients, const StepInputs& inputs, int64_t begin, int64_t end);

 private:
  // Neighbouring parameters with equal multipliers: one range of the arenas.
  struct Segment {
    float rate_multiplier;
    float decay_multiplier;
  };
  // The unit of parallel work: a range of one segment, at most kBlockElements long.
  struct Block {
    int64_t begin;
    int64_t end;
    int segment;
  };

  explicit ParameterOptimizer(UpdateRule rule) : rule_(std::move(rule)) {}
  void Partition(const ParameterLayout& layout, bool decay_all);

  const UpdateRule rule_;
  double clip_norm_ = 0;
  int64_t arena_elements_ = 0;
  std::vector<Tensor> slots_;
  std::vector<Segment> segments_;           // that are not frozen
  std::vector<Block> blocks_;               // ascending; cover the segments
  std::vector<UpdateConstants> constants_;  // of each segment, in the current step
  std::vector<double> block_sums_;
};

}  // namespace espalier

#endif  // ESPALIER_OPTIM_OPTIMIZER_H_
