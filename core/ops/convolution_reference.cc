// The reference kernels of the convolution operators: the defining sums, written as loops. With group g of output
// channel k and c counted within the group:
//   y[n, k, i, j] = bias[k] + sum_{c, r, s} x[n, g C/groups + c, i stride - pad + r dilation, ...] w[k, c, r, s]
#include "core/ops/convolution.h"
#include "core/ops/reference_access.h"

namespace espalier {
namespace {

// The sizes of one convolution and where its taps fall.
struct Geometry {
  Geometry(const ConvolutionAttributes& attributes, const Shape& x, const Shape& weights, const Shape& y)
      : attributes(attributes),
        samples(x[0]),
        channels(x[1]),
        height(x[2]),
        width(x[3]),
        filters(weights[0]),
        group_channels(weights[1]),
        group_filters(weights[0] / attributes.groups),
        kernel_h(weights[2]),
        kernel_w(weights[3]),
        out_height(y[2]),
        out_width(y[3]) {}

  // The channel of x that channel `c` of filter `k` sees.
  int64_t XChannel(int64_t k, int64_t c) const { return k / group_filters * group_channels + c; }
  // Flat position in x, or -1 on padding.
  int64_t X(int64_t n, int64_t channel, int64_t row, int64_t column, int64_t r, int64_t s) const {
    const int64_t h = row * attributes.stride_h - attributes.pad_h + r * attributes.dilation_h;
    const int64_t w = column * attributes.stride_w - attributes.pad_w + s * attributes.dilation_w;
    if (h < 0 || h >= height || w < 0 || w >= width) return -1;
    return ((n * channels + channel) * height + h) * width + w;
  }
  int64_t Y(int64_t n, int64_t k, int64_t row, int64_t column) const {
    return ((n * filters + k) * out_height + row) * out_width + column;
  }
  int64_t W(int64_t k, int64_t c, int64_t r, int64_t s) const {
    return ((k * group_channels + c) * kernel_h + r) * kernel_w + s;
  }

  int64_t Macs() const { return Y(samples, 0, 0, 0) * group_channels * kernel_h * kernel_w; }

  const ConvolutionAttributes& attributes;
  int64_t samples, channels, height, width;
  int64_t filters, group_channels, group_filters, kernel_h, kernel_w;
  int64_t out_height, out_width;
};

// One element of y before bias.
float OutputAt(const Geometry& g, const float* x, const float* weights, int64_t n, int64_t k, int64_t row,
               int64_t column) {
  float sum = 0;
  for (int64_t c = 0; c < g.group_channels; ++c) {
    for (int64_t r = 0; r < g.kernel_h; ++r) {
      for (int64_t s = 0; s < g.kernel_w; ++s) {
        const int64_t at = g.X(n, g.XChannel(k, c), row, column, r, s);
        if (at >= 0) sum += x[at] * weights[g.W(k, c, r, s)];
      }
    }
  }
  return sum;
}

// Adds what output channel `k` of sample `n` sends back through its taps.
void AddInputGradient(const Geometry& g, const float* dy, const float* weights, int64_t n, int64_t k, float* dx) {
  for (int64_t row = 0; row < g.out_height; ++row) {
    for (int64_t column = 0; column < g.out_width; ++column) {
      const float gradient = dy[g.Y(n, k, row, column)];
      for (int64_t c = 0; c < g.group_channels; ++c) {
        for (int64_t r = 0; r < g.kernel_h; ++r) {
          for (int64_t s = 0; s < g.kernel_w; ++s) {
            const int64_t at = g.X(n, g.XChannel(k, c), row, column, r, s);
            if (at >= 0) dx[at] += gradient * weights[g.W(k, c, r, s)];
          }
        }
      }
    }
  }
}

// The gradient of one weight.
float WeightGradientAt(const Geometry& g, const float* x, const float* dy, int64_t k, int64_t c, int64_t r, int64_t s) {
  float sum = 0;
  for (int64_t n = 0; n < g.samples; ++n) {
    for (int64_t row = 0; row < g.out_height; ++row) {
      for (int64_t column = 0; column < g.out_width; ++column) {
        const int64_t at = g.X(n, g.XChannel(k, c), row, column, r, s);
        if (at >= 0) sum += x[at] * dy[g.Y(n, k, row, column)];
      }
    }
  }
  return sum;
}

}  // namespace

void ConvolutionOp::Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                              const StepContext& /*step*/) const {
  const Geometry g(attributes_, inputs[0].shape(), inputs[1].shape(), outputs[0].shape());
  const std::vector<float> x = LoadFloats(inputs[0]), weights = LoadFloats(inputs[1]);
  const FloatElements y(outputs[0]);
#pragma omp parallel for collapse(2) if (g.Macs() >= kParallelSteps)
  for (int64_t n = 0; n < g.samples; ++n) {
    for (int64_t k = 0; k < g.filters; ++k) {
      const float bias = inputs.size() == 3 ? inputs[2].data<float>()[k] : 0;
      for (int64_t row = 0; row < g.out_height; ++row) {
        for (int64_t column = 0; column < g.out_width; ++column) {
          const float value = OutputAt(g, x.data(), weights.data(), n, k, row, column) + bias;
          y.Set(g.Y(n, k, row, column), relu_ && value < 0 ? 0 : value);
        }
      }
    }
  }
}

void ConvolutionBackwardDataOp::Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                                          const StepContext& /*step*/) const {
  const Geometry g(attributes_, input_shape_, inputs[1].shape(), inputs[0].shape());
  const std::vector<float> dy = LoadFloats(inputs[0]), weights = LoadFloats(inputs[1]);
  std::vector<float> dx(input_shape_.elements(), 0.0f);
#pragma omp parallel for if (g.Macs() >= kParallelSteps)
  for (int64_t n = 0; n < g.samples; ++n) {
    for (int64_t k = 0; k < g.filters; ++k) AddInputGradient(g, dy.data(), weights.data(), n, k, dx.data());
  }
  StoreFloats(dx, outputs[0]);
}

void ConvolutionBackwardWeightsOp::Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                                             const StepContext& /*step*/) const {
  const Geometry g(attributes_, inputs[0].shape(), weights_shape_, inputs[1].shape());
  const std::vector<float> x = LoadFloats(inputs[0]), dy = LoadFloats(inputs[1]);
  float* dweights = outputs[0].data<float>();
#pragma omp parallel for collapse(2) if (g.Macs() >= kParallelSteps)
  for (int64_t k = 0; k < g.filters; ++k) {
    for (int64_t c = 0; c < g.group_channels; ++c) {
      for (int64_t r = 0; r < g.kernel_h; ++r) {
        for (int64_t s = 0; s < g.kernel_w; ++s) {
          dweights[g.W(k, c, r, s)] = WeightGradientAt(g, x.data(), dy.data(), k, c, r, s);
        }
      }
    }
  }
  if (!bias_) return;
  float* dbias = outputs[1].data<float>();
  for (int64_t k = 0; k < g.filters; ++k) {
    double sum = 0;
    for (int64_t n = 0; n < g.samples; ++n) {
      for (int64_t at = g.Y(n, k, 0, 0); at < g.Y(n, k + 1, 0, 0); ++at) sum += dy[at];
    }
    dbias[k] = static_cast<float>(sum);
  }
}

}  // namespace espalier
