// The reference kernels of batch normalisation. Sums run in f64: a channel may have millions of elements.
#include <cmath>
#include <vector>

#include "core/channel_reducer.h"
#include "core/ops/batch_norm.h"
#include "core/ops/channel_layout.h"
#include "core/ops/reference_access.h"

namespace espalier {
namespace {

// y = (x - mean) / sqrt(variance + epsilon) * scale + shift [+ residual], then ReLU if asked, for one channel.
struct Normalization {
  float mean, inverse_deviation, scale, shift;
  bool relu;

  float operator()(float x, float residual) const {
    const float y = (x - mean) * inverse_deviation * scale + shift + residual;
    return relu && y < 0 ? 0 : y;
  }
};

void Normalize(const ChannelLayout& layout, int64_t c, const Normalization& normalization, const FloatElements& x,
               const Tensor* residual, const FloatElements& y) {
  if (residual == nullptr) {
    layout.ForEach(c, [&](int64_t i) { y.Set(i, normalization(x[i], 0)); });
  } else {
    const FloatElements added(*residual);
    layout.ForEach(c, [&](int64_t i) { y.Set(i, normalization(x[i], added[i])); });
  }
}

float InverseDeviation(float variance, float epsilon) { return 1 / std::sqrt(variance + epsilon); }

// What synchronised ranks exchange: the elements per channel, and two sums for each channel. Empty without a reducer.
class RankSums {
 public:
  RankSums(const ChannelLayout& layout, bool synchronized, const StepContext& step)
      : reducer_(synchronized ? step.channel_reducer : nullptr), channels_(layout.channels) {
    if (reducer_ != nullptr) values_.assign(1 + 2 * channels_, static_cast<double>(layout.per_channel()));
  }

  bool empty() const { return values_.empty(); }
  double count() const { return values_[0]; }
  double& first(int64_t c) { return values_[1 + c]; }
  double& second(int64_t c) { return values_[1 + channels_ + c]; }
  void AllReduce() { reducer_->AllReduce(values_.data(), static_cast<int64_t>(values_.size())); }

 private:
  ChannelReducer* reducer_;
  int64_t channels_;
  std::vector<double> values_;
};

}  // namespace

void BatchNormTrainOp::Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                                 const StepContext& step) const {
  const ChannelLayout layout(inputs[0].shape());
  const FloatElements x(inputs[0]), y(outputs[0]);
  const float *scale = inputs[1].data<float>(), *shift = inputs[2].data<float>();
  float *mean = outputs[1].data<float>(), *variance = outputs[2].data<float>();
  const auto finish = [&](int64_t c, double center, double spread) {
    mean[c] = static_cast<float>(center);
    variance[c] = static_cast<float>(spread);
    Normalize(layout, c, {mean[c], InverseDeviation(variance[c], epsilon_), scale[c], shift[c], relu_}, x,
              inputs.size() == 4 ? &inputs[3] : nullptr, y);
  };
  RankSums sums(layout, synchronized_, step);
#pragma omp parallel for if (x.size() >= kParallelSteps)
  for (int64_t c = 0; c < layout.channels; ++c) {
    double sum = 0, centred_squares = 0;
    layout.ForEach(c, [&](int64_t i) { sum += x[i]; });
    const double center = sum / layout.per_channel();
    layout.ForEach(c, [&](int64_t i) { centred_squares += (x[i] - center) * (x[i] - center); });
    if (sums.empty()) {
      finish(c, center, centred_squares / layout.per_channel());
    } else {
      sums.first(c) = sum;
      sums.second(c) = centred_squares + sum * center;
    }
  }
  if (sums.empty()) return;
  sums.AllReduce();
#pragma omp parallel for if (x.size() >= kParallelSteps)
  for (int64_t c = 0; c < layout.channels; ++c) {
    const double center = sums.first(c) / sums.count(), spread = sums.second(c) / sums.count() - center * center;
    finish(c, center, spread < 0 ? 0 : spread);
  }
}

// With n elements per channel and x' = (x - mean) / deviation:
//   dshift = sum dy,  dscale = sum dy x',  dx = scale / deviation (dy - dshift / n - x' dscale / n).
// When synchronised, dx is made of all ranks' sums and n.
void BatchNormBackwardOp::Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                                    const StepContext& step) const {
  const ChannelLayout layout(inputs[0].shape());
  const int after_y = relu_ ? 2 : 1;
  const FloatElements x(inputs[0]), y(inputs[relu_ ? 1 : 0]), unmasked_dy(inputs[after_y]), dx(outputs[0]);
  const FloatElements dresidual(outputs[residual_ ? 3 : 0]);
  const float *mean = inputs[after_y + 1].data<float>(), *variance = inputs[after_y + 2].data<float>();
  const float* scale = inputs[after_y + 3].data<float>();
  float *dscale = outputs[1].data<float>(), *dshift = outputs[2].data<float>();
  const auto dy = [&](int64_t i) { return relu_ && !(y[i] > 0) ? 0.0f : unmasked_dy[i]; };
  const auto finish = [&](int64_t c, float inverse_deviation, float mean_dy, float mean_projected) {
    layout.ForEach(c, [&](int64_t i) {
      const float normalized = (x[i] - mean[c]) * inverse_deviation;
      dx.Set(i, scale[c] * inverse_deviation * (dy(i) - mean_dy - normalized * mean_projected));
      if (residual_) dresidual.Set(i, dy(i));
    });
  };
  RankSums sums(layout, synchronized_, step);
#pragma omp parallel for if (x.size() >= kParallelSteps)
  for (int64_t c = 0; c < layout.channels; ++c) {
    const float inverse_deviation = InverseDeviation(variance[c], epsilon_);
    double sum = 0, projected = 0;
    layout.ForEach(c, [&](int64_t i) {
      sum += dy(i);
      projected += dy(i) * (x[i] - mean[c]) * inverse_deviation;
    });
    dshift[c] = static_cast<float>(sum);
    dscale[c] = static_cast<float>(projected);
    if (sums.empty()) {
      finish(c, inverse_deviation, static_cast<float>(sum / layout.per_channel()),
             static_cast<float>(projected / layout.per_channel()));
    } else {
      sums.first(c) = sum;
      sums.second(c) = projected / inverse_deviation;
    }
  }
  if (sums.empty()) return;
  sums.AllReduce();
#pragma omp parallel for if (x.size() >= kParallelSteps)
  for (int64_t c = 0; c < layout.channels; ++c) {
    const float inverse_deviation = InverseDeviation(variance[c], epsilon_);
    finish(c, inverse_deviation, static_cast<float>(sums.first(c) / sums.count()),
           static_cast<float>(sums.second(c) * inverse_deviation / sums.count()));
  }
}

void BatchNormInferenceOp::Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                                     const StepContext& /*step*/) const {
  const ChannelLayout layout(inputs[0].shape());
  const FloatElements x(inputs[0]), y(outputs[0]);
  const float *scale = inputs[1].data<float>(), *shift = inputs[2].data<float>();
  const float *mean = inputs[3].data<float>(), *variance = inputs[4].data<float>();
#pragma omp parallel for if (x.size() >= kParallelSteps)
  for (int64_t c = 0; c < layout.channels; ++c) {
    Normalize(layout, c, {mean[c], InverseDeviation(variance[c], epsilon_), scale[c], shift[c], relu_}, x,
              inputs.size() == 6 ? &inputs[5] : nullptr, y);
  }
}

void MovingAverageOp::Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                                const StepContext& /*step*/) const {
  const absl::Span<float> running = inputs[0].span<float>(), batch = inputs[1].span<float>();
  const absl::Span<float> result = outputs[0].span<float>();
  for (size_t i = 0; i < result.size(); ++i) {
    result[i] = momentum_ * running[i] + (1 - momentum_) * correction_ * batch[i];
  }
}

}  // namespace espalier
