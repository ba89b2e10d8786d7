#include "hw/integer_kernels.h"

#include <algorithm>

#include "core/kernels/parallel.h"

namespace espalier {
namespace {

// Calls fn(plane, window, flat output position) for all outputs.
template <typename Function>
void ForEachWindow(const PoolGeometry& g, const Function& fn) {
  const int64_t outputs = g.out_height * g.out_width;
  const int64_t work = g.planes * outputs * g.attributes.kernel_h * g.attributes.kernel_w;
  ParallelRanges(g.planes, 1, work < kSerialElements ? g.planes + 1 : 1, [&](int64_t begin, int64_t end) {
    for (int64_t out = 0; out < outputs; ++out) {
      const PoolWindowBounds window(g.attributes, out / g.out_width, out % g.out_width, g.height, g.width);
      for (int64_t plane = begin; plane < end; ++plane) fn(plane, window, plane * outputs + out);
    }
  });
}

// The kernel taps of one output coordinate that lie on the input: [begin, end).
struct Taps {
  Taps(int64_t origin, int64_t dilation, int64_t kernel, int64_t size) {
    while (begin < kernel && origin + begin * dilation < 0) ++begin;
    end = begin;
    while (end < kernel && origin + end * dilation < size) ++end;
  }
  int64_t begin = 0, end = 0;
};

// The inputs of one kernel row, where the kernel is wholly on the picture. A width known at compile time is copied
// without a loop.
template <int kWidth>
void CopyTaps(const int16_t* from, int64_t width, int64_t dilation, int16_t* to) {
  const int64_t taps = kWidth > 0 ? kWidth : width;
  for (int64_t j = 0; j < taps; ++j) to[j] = from[j * dilation];
}

// The columns of output position (row, column): every input of the sum, channel by channel.
template <int kWidth>
void LowerPosition(const LoweredConvolution& c, const int16_t* image, int64_t row, int64_t column, int16_t* out) {
  const ConvolutionAttributes& a = c.attributes;
  const int64_t channels = c.input[0] / a.groups, height = c.input[1], width = c.input[2];
  const int64_t y = row * a.stride_h - a.pad_h, x = column * a.stride_w - a.pad_w;
  const Taps rows(y, a.dilation_h, c.kernel_h, height), taps(x, a.dilation_w, c.kernel_w, width);
  if (rows.end - rows.begin == c.kernel_h && taps.end - taps.begin == c.kernel_w) {
    for (int64_t channel = 0; channel < channels; ++channel) {
      const int16_t* from = image + (channel * height + y) * width + x;
      for (int64_t i = 0; i < c.kernel_h; ++i, out += c.kernel_w) {
        CopyTaps<kWidth>(from + i * a.dilation_h * width, c.kernel_w, a.dilation_w, out);
      }
    }
    return;
  }
  std::fill_n(out, c.columns(), int16_t{0});
  for (int64_t channel = 0; channel < channels; ++channel) {
    for (int64_t i = rows.begin; i < rows.end; ++i) {
      const int16_t* from = image + (channel * height + y + i * a.dilation_h) * width + x;
      int16_t* to = out + (channel * c.kernel_h + i) * c.kernel_w;
      for (int64_t j = taps.begin; j < taps.end; ++j) to[j] = from[j * a.dilation_w];
    }
  }
}

}  // namespace

void LowerImages(const LoweredConvolution& c, int64_t group, const int16_t* images, int64_t batch, int16_t* columns) {
  const int64_t group_elements = c.input.elements() / c.attributes.groups;
  auto* lower = &LowerPosition<0>;
  if (c.kernel_w == 1) lower = &LowerPosition<1>;
  if (c.kernel_w == 3) lower = &LowerPosition<3>;
  if (c.kernel_w == 5) lower = &LowerPosition<5>;
  ParallelRanges(batch * c.output[1], 1, 1, [&](int64_t begin, int64_t end) {
    for (int64_t line = begin; line < end; ++line) {
      const int64_t image = line / c.output[1], row = line % c.output[1];
      const int16_t* from = images + image * c.input.elements() + group * group_elements;
      int16_t* to = columns + line * c.output[2] * c.columns();
      for (int64_t x = 0; x < c.output[2]; ++x) lower(c, from, row, x, to + x * c.columns());
    }
  });
}

void RaiseRows(const LoweredConvolution& c, int64_t group, const int16_t* sums, int64_t batch, int16_t* images) {
  const int64_t rows = c.rows(), positions = c.positions();
  ParallelRanges(batch, 1, 1, [&](int64_t begin, int64_t end) {
    for (int64_t image = begin; image < end; ++image) {
      const int16_t* from = sums + image * positions * rows;
      int16_t* to = images + image * c.output.elements() + group * rows * positions;
      for (int64_t p = 0; p < positions; ++p) {
        for (int64_t r = 0; r < rows; ++r) to[r * positions + p] = from[p * rows + r];
      }
    }
  });
}

void MaxPool(const PoolGeometry& g, const IntegerLimits& limits, const int16_t* x, int16_t* y) {
  ForEachWindow(g, [&](int64_t plane, const PoolWindowBounds& window, int64_t out) {
    int32_t most = limits.minimum;
    for (int64_t h = window.h_begin; h < window.h_end; ++h) {
      const int16_t* line = x + (plane * g.height + h) * g.width;
      for (int64_t w = window.w_begin; w < window.w_end; ++w) most = std::max<int32_t>(most, line[w]);
    }
    y[out] = static_cast<int16_t>(std::min(most, limits.maximum));
  });
}

void AveragePool(const PoolGeometry& g, const Requantization& rescale, const int16_t* x, int16_t* y) {
  ForEachWindow(g, [&](int64_t plane, const PoolWindowBounds& window, int64_t out) {
    int64_t sum = 0;
    for (int64_t h = window.h_begin; h < window.h_end; ++h) {
      const int16_t* line = x + (plane * g.height + h) * g.width;
      for (int64_t w = window.w_begin; w < window.w_end; ++w) sum += line[w];
    }
    y[out] = RequantizeSum(rescale, window.divisor - 1, sum);
  });
}

void AddRescaled(const std::vector<const int16_t*>& inputs, const Requantization& rescale, int64_t count, int16_t* y) {
  ParallelRanges(count, 1024, kSerialElements, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      int64_t sum = 0;
      for (size_t input = 0; input < inputs.size(); ++input) {
        sum += int64_t{inputs[input][i]} * rescale.multiplier[input];
      }
      y[i] = RequantizeSum(sum, 1, rescale.shift[0], rescale.minimum, rescale.maximum);
    }
  });
}

void CopyRescaled(const int16_t* x, const Requantization& rescale, int64_t index, int64_t blocks, int64_t block,
                  int64_t stride, int16_t* y) {
  const int32_t multiplier = rescale.multiplier[index];
  const int shift = rescale.shift[index];
  ParallelRanges(blocks, 1, blocks * block < kSerialElements ? blocks + 1 : 1, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) {
      const int16_t* from = x + b * block;
      int16_t* to = y + b * stride;
      for (int64_t i = 0; i < block; ++i) {
        to[i] = RequantizeSum(from[i], multiplier, shift, rescale.minimum, rescale.maximum);
      }
    }
  });
}

}  // namespace espalier
