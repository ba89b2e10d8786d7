#include "hw/tpu/network_testing.h"

#include <algorithm>
#include <cmath>

#include "glog/logging.h"
#include "hw/tpu/activation.h"

namespace espalier::tpu {
namespace {

using Values = std::vector<int16_t>;

int32_t Between(int32_t least, int32_t greatest, Random* random) {
  return least + static_cast<int32_t>(random->Below(static_cast<uint32_t>(greatest - least) + 1));
}

ActivationType RandomType(Random* random) { return static_cast<ActivationType>(random->Below(3)); }

Requantization RandomRequantization(int64_t rows, int64_t inputs, ActivationType type, bool wide_weights,
                                    Random* random) {
  Requantization requantization;
  const int64_t count = random->Below(2) == 0 ? 1 : rows;
  for (int64_t r = 0; r < count; ++r) {
    const int bits = Between(0, 20, random);
    requantization.multiplier.push_back((1 << bits) + static_cast<int32_t>(random->Below(1 << bits)));
    if (random->Below(4) == 0) requantization.multiplier.back() *= -1;
    const int sum_bits = 6 + static_cast<int>(std::log2(inputs)) / 2 + (wide_weights ? 1 : 0);
    requantization.shift.push_back(std::max(0, bits + sum_bits - Between(0, 6, random)));
  }
  const ValueRange range = RangeOf(type);
  requantization.minimum = random->Below(2) == 0 ? 0 : range.least;
  requantization.maximum = range.greatest - static_cast<int32_t>(random->Below(3));
  return requantization;
}

// The vectors of all sources side by side: [pixels, columns].
Values Join(const Network& network, const std::vector<LayerShape>& shapes, int index, const Values& input,
            const std::vector<Values>& now, const std::vector<Values>& before) {
  const std::vector<Source> sources = SourcesOf(network, index);
  int64_t columns = 0, pixels = 0;
  for (const Source& source : sources) {
    const LayerShape shape = source.layer < 0 ? InputShape(network) : shapes[source.layer];
    columns += shape.columns;
    pixels = network.batch * shape.height * shape.width;
  }
  Values joined(pixels * columns);
  int64_t first = 0;
  for (const Source& source : sources) {
    const Values& values = source.layer < 0 ? input : (source.previous_repetition ? before : now)[source.layer];
    const auto width = static_cast<int64_t>(values.size()) / pixels;
    for (int64_t p = 0; p < pixels; ++p) {
      std::copy_n(&values[p * width], width, &joined[p * columns + first]);
    }
    first += width;
  }
  return joined;
}

int32_t Finish(const Layer& layer, int64_t column, int64_t sum) {
  if (layer.matrix != nullptr) sum += layer.matrix->bias[column];
  const auto& [multiplier, shift, minimum, maximum] = layer.requantization;
  const int64_t product = sum * multiplier[multiplier.size() == 1 ? 0 : column];
  const int64_t unit = int64_t{1} << shift[shift.size() == 1 ? 0 : column];
  int64_t value = product / unit;
  const int64_t rest = product - value * unit;
  if (rest >= 0 ? 2 * rest >= unit : 2 * -rest > unit) value += rest >= 0 ? 1 : -1;
  value = std::max<int64_t>(minimum, std::min<int64_t>(maximum, value));
  if (layer.nonlinearity == Nonlinearity::kNone) return static_cast<int32_t>(value);
  const double x = static_cast<double>(value) / std::exp2(layer.input_fraction);
  const double y = layer.nonlinearity == Nonlinearity::kTanh ? std::tanh(x) : 1 / (1 + std::exp(-x));
  const ValueRange range = RangeOf(layer.type);
  const auto rounded = static_cast<int64_t>(std::floor(y * std::exp2(layer.output_fraction) + 0.5));
  return static_cast<int32_t>(std::max<int64_t>(range.least, std::min<int64_t>(range.greatest, rounded)));
}

Values Convolve(const Network& network, const Layer& layer, const LayerShape& in, int64_t channels,
                const LayerShape& out, const Values& input) {
  Values output;
  for (int64_t image = 0; image < network.batch; ++image) {
    for (int y = 0; y < out.conv_height; ++y) {
      for (int x = 0; x < out.conv_width; ++x) {
        for (int64_t o = 0; o < layer.outputs; ++o) {
          int64_t sum = 0;
          const int16_t* weight = &layer.matrix->weights[o * layer.matrix->columns];
          for (int64_t c = 0; c < channels; ++c) {
            for (int ky = 0; ky < layer.kernel_height; ++ky) {
              for (int kx = 0; kx < layer.kernel_width; ++kx, ++weight) {
                const int iy = y * layer.stride + ky - layer.pad, ix = x * layer.stride + kx - layer.pad;
                if (iy < 0 || iy >= in.height || ix < 0 || ix >= in.width) continue;
                sum += int64_t{*weight} * input[((image * in.height + iy) * in.width + ix) * channels + c];
              }
            }
          }
          output.push_back(static_cast<int16_t>(Finish(layer, o, sum)));
        }
      }
    }
  }
  return output;
}

Values MaximumPool(const Network& network, const Layer& layer, const LayerShape& shape, const Values& input) {
  if (layer.pool.kernel == 0) return input;
  Values output;
  for (int64_t image = 0; image < network.batch; ++image) {
    for (int y = 0; y < shape.height; ++y) {
      for (int x = 0; x < shape.width; ++x) {
        for (int64_t c = 0; c < shape.columns; ++c) {
          int16_t best = -32768;
          for (int ky = 0; ky < layer.pool.kernel; ++ky) {
            for (int kx = 0; kx < layer.pool.kernel; ++kx) {
              const int iy = y * layer.pool.stride + ky - layer.pool.pad,
                        ix = x * layer.pool.stride + kx - layer.pool.pad;
              if (iy < 0 || iy >= shape.conv_height || ix < 0 || ix >= shape.conv_width) continue;
              best =
                  std::max(best, input[((image * shape.conv_height + iy) * shape.conv_width + ix) * shape.columns + c]);
            }
          }
          output.push_back(best);
        }
      }
    }
  }
  return output;
}

Values Combine(const Layer& layer, int64_t columns, const Values& joined) {
  Values output;
  for (size_t first = 0; first < joined.size(); first += 2 * columns) {
    for (int64_t c = 0; c < columns; ++c) {
      const int64_t a = joined[first + c], b = joined[first + columns + c];
      output.push_back(static_cast<int16_t>(Finish(layer, c, layer.kind == Layer::Kind::kProduct ? a * b : a + b)));
    }
  }
  return output;
}

void AddElementWise(Layer::Kind kind, int a, int b, int64_t columns, ActivationType type, Random* random,
                    NetworkCase* result) {
  Layer layer;
  layer.name = "element_wise";
  layer.kind = kind;
  layer.sources = {{a, false}, {b, false}};
  layer.outputs = columns;
  layer.type = type;
  layer.requantization = RandomRequantization(columns, 1, type, false, random);
  result->network.layers.push_back(layer);
}

void AddNonlinearity(Random* random, Layer* layer) {
  layer->nonlinearity = random->Below(2) == 0 ? Nonlinearity::kTanh : Nonlinearity::kSigmoid;
  layer->input_fraction = layer->type == ActivationType::kSigned16 ? 12 : 5;
  layer->output_fraction = layer->type == ActivationType::kSigned16 ? 14 : 7;
}

// Of what the network gives so far.
LayerShape Shape(NetworkCase* result) {
  SetInputRanges(result);
  return InferShapes(result->network).value().back();
}

// A convolution, perhaps a pool, a dense layer over all that is left of the image.
void AddConvolutions(Random* random, NetworkCase* result) {
  Network& network = result->network;
  network.height = Between(2, 5, random);
  network.width = Between(2, 5, random);
  for (int l = 0; l < 2; ++l) {
    const LayerShape in = l == 0 ? InputShape(network) : Shape(result);
    Layer layer;
    layer.pad = l == 0 ? Between(0, 1, random) : 0;
    layer.stride = Between(1, 2, random);
    layer.kernel_height = l == 0 ? Between(1, std::min(3, in.height), random) : in.height;
    layer.kernel_width = l == 0 ? Between(1, std::min(3, in.width), random) : in.width;
    AddDenseLayer(Between(1, 6, random), in.columns * layer.kernel_height * layer.kernel_width, random->Below(4) == 0,
                  random, result);
    Layer& added = network.layers.back();
    added.kernel_height = layer.kernel_height;
    added.kernel_width = layer.kernel_width;
    added.stride = layer.stride;
    added.pad = layer.pad;
    const LayerShape out = Shape(result);
    const bool fits = out.height * out.width <= result->config.accumulator_rows / 2;
    if (l == 0 && fits && random->Below(2) == 0) {
      added.pool.kernel = std::min({2, out.height, out.width});
      added.pool.stride = Between(1, 2, random);
      added.pool.pad = added.pool.kernel == 2 ? Between(0, 1, random) : 0;
    }
  }
}

// Two dense layers of the input and of each other's former outputs, and products and sums of them.
void AddRecurrence(Random* random, NetworkCase* result) {
  Network& network = result->network;
  const int64_t width = Between(1, 12, random);
  const ActivationType type = RandomType(random);
  network.type = type;
  for (int l = 0; l < 2; ++l) {
    AddDenseLayer(width, network.columns + width, false, random, result);
    Layer& layer = network.layers.back();
    layer.sources = {{Source::kNetworkInput, false}, {l == 0 ? 2 : 1, true}};
    layer.type = type;
    layer.requantization = RandomRequantization(width, network.columns + width, type, false, random);
    AddNonlinearity(random, &layer);
  }
  AddElementWise(Layer::Kind::kProduct, 0, 1, width, type, random, result);
  AddElementWise(Layer::Kind::kSum, 2, 0, width, RandomType(random), random, result);
  network.waits_for_host = random->Below(2) == 0;
}

}  // namespace

Config RandomConfig(int greatest_array, Random* random) {
  Config config;
  config.array_size = Between(1, greatest_array, random);
  config.clock_hz = 1;
  config.double_buffered_tile = random->Below(4) != 0;
  config.weight_fifo_tiles = Between(1, 5, random);
  config.weight_bytes_per_s = random->Uniform(1, 4.0f * static_cast<float>(config.array_size));
  config.host_bytes_per_s = random->Uniform(1, 4.0f * static_cast<float>(config.array_size));
  config.accumulator_rows = 2 * Between(25, 60, random);
  config.activation_width = Between(1, 2 * config.array_size, random);
  config.activation_latency = Between(1, 9, random);
  config.unified_buffer_bytes = int64_t{1} << 16;
  config.weight_memory_bytes = int64_t{1} << 20;
  return config;
}

void AddDenseLayer(int64_t outputs, int64_t inputs, bool wide_weights, Random* random, NetworkCase* result) {
  IntegerMatrix matrix;
  matrix.name = "dense";
  matrix.rows = outputs;
  matrix.columns = inputs;
  for (int64_t i = 0; i < outputs * inputs; ++i) {
    const int32_t limit = wide_weights ? 200 : 128;  // so that 32 bits hold all sums
    matrix.weights.push_back(static_cast<int16_t>(Between(-limit, limit - 1, random)));
  }
  const int32_t bias = random->Below(2) == 0 ? 0 : 5000;
  for (int64_t r = 0; r < outputs; ++r) matrix.bias.push_back(Between(-bias, bias, random));
  result->matrices.push_back(std::move(matrix));
  Layer layer;
  layer.name = "dense";
  layer.outputs = outputs;
  layer.matrix = &result->matrices.back();
  layer.type = RandomType(random);
  layer.requantization = RandomRequantization(outputs, inputs, layer.type, wide_weights, random);
  result->network.layers.push_back(layer);
}

void SetInputRanges(NetworkCase* result) {
  size_t matrix = 0;
  for (size_t l = 0; l < result->network.layers.size(); ++l) {
    if (result->network.layers[l].matrix == nullptr) continue;
    const Source source = SourcesOf(result->network, static_cast<int>(l))[0];
    const ValueRange range =
        RangeOf(source.layer < 0 ? result->network.type : result->network.layers[source.layer].type);
    result->matrices[matrix].input_minimum = range.least;
    result->matrices[matrix++].input_maximum = range.greatest;
  }
}

void MakeRandomCase(uint64_t seed, int64_t greatest_batch, NetworkCase* result) {
  Random random(seed, "tpu case", 0, 0);
  result->config = RandomConfig(9, &random);
  Network& network = result->network;
  network.batch = Between(1, static_cast<int32_t>(greatest_batch), &random);
  network.columns = Between(1, 20, &random);
  network.type = RandomType(&random);
  network.repetitions = Between(1, 3, &random);
  switch (random.Below(3)) {
    case 0:
      AddConvolutions(&random, result);
      break;
    case 1:
      AddRecurrence(&random, result);
      break;
    default:
      AddDenseLayer(Between(1, 20, &random), network.columns, random.Below(3) == 0, &random, result);
      AddDenseLayer(Between(1, 20, &random), network.layers[0].outputs, false, &random, result);
  }
  SetInputRanges(result);
  const ValueRange range = RangeOf(network.type);
  for (int r = 0; r < network.repetitions; ++r) {
    Values input(network.batch * network.height * network.width * network.columns);
    for (int16_t& value : input) value = static_cast<int16_t>(Between(range.least, range.greatest, &random));
    result->inputs.push_back(input);
  }
  result->outputs = ReferenceOutputs(network, result->inputs);
}

std::vector<Values> ReferenceOutputs(const Network& network, const std::vector<Values>& inputs) {
  const std::vector<LayerShape> shapes = InferShapes(network).value();
  std::vector<Values> before, results;
  for (const LayerShape& shape : shapes) before.emplace_back(network.batch * shape.columns);
  for (const Values& input : inputs) {
    std::vector<Values> now(shapes.size());
    for (size_t l = 0; l < shapes.size(); ++l) {
      const Layer& layer = network.layers[l];
      const Values joined = Join(network, shapes, static_cast<int>(l), input, now, before);
      if (layer.kind != Layer::Kind::kMatrix) {
        now[l] = Combine(layer, shapes[l].columns, joined);
        continue;
      }
      const Source source = SourcesOf(network, static_cast<int>(l))[0];
      const LayerShape in = source.layer < 0 ? InputShape(network) : shapes[source.layer];
      const auto pixels = network.batch * in.height * in.width;
      const int64_t channels = static_cast<int64_t>(joined.size()) / pixels;
      now[l] = MaximumPool(network, layer, shapes[l], Convolve(network, layer, in, channels, shapes[l], joined));
    }
    results.push_back(now.back());
    before = now;
  }
  return results;
}

}  // namespace espalier::tpu
