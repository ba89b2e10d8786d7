// Layer by layer: what integers give against the same in real numbers on the same inputs, within what rounding allows.
#include "hw/integer_network.h"

#include <algorithm>
#include <cmath>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "hw/fast_matrix_engine.h"
#include "hw/integer_builder.h"
#include "hw/testing.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;

constexpr char kConvolutions[] = R"(
  input { name: 'image' dims: [4, 9, 7] }
  layer { name: 'a' conv { channels: 6 kernel: 3 pad: 1 } } layer { relu {} }
  layer { name: 'b' conv { channels: 8 kernel: 3 stride: 2 groups: 2 bias: false } } layer { batch_norm {} }
  layer { name: 'c' conv { channels: 6 kernel_h: 2 kernel_w: 3 dilation: 1 pad_h: 1 pad_w: 2 } }
  layer { batch_norm {} } layer { relu {} }
  layer { name: 'd' dense { channels: 5 } })";

constexpr char kPools[] = R"(
  input { name: 'image' dims: [3, 9, 9] }
  layer { name: 'max' pool { kernel: 3 stride: 2 pad: 1 rounding: CEIL } }
  layer { name: 'mean' pool { kernel: 2 stride: 1 pad: 1 kind: AVERAGE } }
  layer { name: 'counted' pool { kernel: 3 stride: 2 pad: 1 kind: AVERAGE count_padding: true rounding: CEIL } }
  layer { relu {} }
  layer { name: 'all' global_average_pool {} })";

constexpr char kStructure[] = R"(
  input { name: 'image' dims: [4, 6, 6] }
  layer { name: 'a' conv { channels: 4 kernel: 3 pad: 1 } }
  layer { name: 'sum' add {} input: ['a', 'image'] }
  layer { name: 'positive' relu {} input: 'sum' }
  layer { name: 'b' conv { channels: 2 kernel: 1 } input: 'positive' }
  layer { name: 'joined' concat {} input: ['sum', 'b', 'positive'] }
  layer { name: 'flat' reshape { dims: [-1] } }
  layer { dropout { rate: 0.5 } }
  layer { name: 'out' dense { channels: 3 } } layer { softmax {} })";

IntegerNetwork Build(const RandomNetwork& random, const IntegerFormat& format) {
  absl::StatusOr<IntegerNetwork> network =
      BuildIntegerNetwork(random.network, random.tensors, random.activations, format);
  CHECK(network.ok()) << network.status();
  return *std::move(network);
}

std::vector<IntegerFormat> AllFormats() {
  std::vector<IntegerFormat> formats;
  for (int index = 0; index < 8; ++index) {
    IntegerFormat format;
    format.bits = (index & 4) != 0 ? 16 : 8;
    format.power_of_two = (index & 2) != 0;
    format.per_channel = (index & 1) != 0;
    formats.push_back(format);
  }
  return formats;
}

// What half a unit of the weights can add up to, in a layer's output.
double WeightError(const RandomNetwork& random, const InferenceLayer& layer, int bits,
                   const std::vector<double>& input) {
  if (layer.weight == kNoValue) return 0;
  double largest = 0, gain = 1, reach = 0;
  for (float w : random.Tensor(layer.weight)) largest = std::max(largest, std::fabs(double{w}));
  const std::vector<float> scale = random.Tensor(layer.scale), variance = random.Tensor(layer.variance);
  for (size_t c = 0; c < scale.size(); ++c) gain = std::max(gain, std::fabs(scale[c]) / std::sqrt(double{variance[c]}));
  for (double x : input) reach = std::max(reach, std::fabs(x));
  const Shape& shape = random.network.graph.type(layer.weight).shape;
  // A power of two as unit is up to twice what is needed.
  return largest / WeightLimits(bits).maximum * reach * static_cast<double>(shape.Product(1, shape.rank())) * gain;
}

void ExpectLayersWithinRounding(absl::string_view model, const IntegerFormat& format) {
  const RandomNetwork random = MakeRandomNetwork(model, 3);
  const IntegerNetwork network = Build(random, format);
  PlainMatrixEngine engine;
  IntegerNetwork::Values trace;
  network.Run(random.images.data(), random.batch, &engine, &trace);
  for (size_t i = 0; i < network.layers().size(); ++i) {
    const IntegerLayer& layer = network.layers()[i];
    const IntegerActivation& output = network.activations()[layer.output];
    std::vector<std::vector<double>> inputs;
    for (int input : layer.inputs) {
      inputs.emplace_back();
      for (int16_t q : trace[input]) inputs.back().push_back(q * network.activations()[input].unit);
    }
    const std::vector<double> real = LayerInDouble(random, i, inputs);
    const double slack = WeightError(random, random.network.layers[i], format.bits, inputs[0]) / output.unit;
    ASSERT_EQ(real.size(), trace[layer.output].size());
    for (size_t at = 0; at < real.size(); ++at) {
      // The multiplier's own rounding: half of its last bit.
      const double exact = real[at] / output.unit, bound = 0.501 + slack + std::fabs(exact) * 0x1p-14;
      const double least = std::clamp<double>(exact - bound, output.limits.minimum, output.limits.maximum);
      const double most = std::clamp<double>(exact + bound, output.limits.minimum, output.limits.maximum);
      ASSERT_GE(trace[layer.output][at], std::floor(least)) << layer.name << " at " << at << ", " << format.ToString();
      ASSERT_LE(trace[layer.output][at], std::ceil(most)) << layer.name << " at " << at << ", " << format.ToString();
    }
  }
}

TEST(IntegerNetworkTest, ConvolutionsAndDenseLayersAreWithinRounding) {
  for (const IntegerFormat& format : AllFormats()) ExpectLayersWithinRounding(kConvolutions, format);
}

TEST(IntegerNetworkTest, PoolsAreWithinRounding) {
  for (const IntegerFormat& format : AllFormats()) ExpectLayersWithinRounding(kPools, format);
}

TEST(IntegerNetworkTest, SumsRectifiersAndConcatenationsAreWithinRounding) {
  for (const IntegerFormat& format : AllFormats()) ExpectLayersWithinRounding(kStructure, format);
}

// The logits' largest deviation from float, as a share of the largest logit.
double Deviation(const RandomNetwork& random, const IntegerFormat& format) {
  const IntegerNetwork network = Build(random, format);
  FastMatrixEngine engine;
  const IntegerLogits logits = network.Run(random.images.data(), random.batch, &engine);
  double deviation = 0, largest = 0;
  for (size_t i = 0; i < logits.values.size(); ++i) {
    deviation = std::max(deviation, std::fabs(logits.values[i] * logits.unit - random.values.back()[i]));
    largest = std::max(largest, std::fabs(double{random.values.back()[i]}));
  }
  return deviation / largest;
}

TEST(IntegerNetworkTest, WholeNetworksAreNearFloat) {
  for (const char* model : {kConvolutions, kPools, kStructure}) {
    const RandomNetwork random = MakeRandomNetwork(model, 4);
    EXPECT_LT(Deviation(random, IntegerFormat::Fixed16()), 0.003);
    EXPECT_LT(Deviation(random, IntegerFormat::Int8()), 0.06);
    EXPECT_LT(Deviation(random, IntegerFormat::Fixed8()), 0.2);
  }
}

TEST(IntegerNetworkTest, EnginesAndBatchesMakeNoDifference) {
  const RandomNetwork random = MakeRandomNetwork(kConvolutions, 3);
  const int64_t pixels = static_cast<int64_t>(random.images.size()) / random.batch;
  for (const IntegerFormat& format : AllFormats()) {
    const IntegerNetwork network = Build(random, format);
    PlainMatrixEngine plain;
    FastMatrixEngine fast;
    const IntegerLogits expected = network.Run(random.images.data(), random.batch, &plain);
    const IntegerLogits found = network.Run(random.images.data(), random.batch, &fast);
    EXPECT_EQ(found.values, expected.values);
    EXPECT_EQ(found.top1, expected.top1);
    std::vector<int16_t> single;
    for (int64_t b = 0; b < random.batch; ++b) {
      const IntegerLogits one = network.Run(random.images.data() + b * pixels, 1, &fast);
      single.insert(single.end(), one.values.begin(), one.values.end());
    }
    EXPECT_EQ(single, expected.values);
  }
}

TEST(IntegerNetworkTest, InputsSaturate) {
  RandomNetwork random = MakeRandomNetwork("input { name: 'x' dims: 2 } layer { dense { channels: 2 } }", 1);
  const IntegerNetwork network = Build(random, IntegerFormat::Int8());
  PlainMatrixEngine engine;
  IntegerNetwork::Values trace;
  const float images[] = {1e30f, -1e30f};
  network.Run(images, 1, &engine, &trace);
  EXPECT_THAT(trace[0], ElementsAre(127, -128));
  const float broken[] = {NAN, INFINITY};
  network.Run(broken, 1, &engine, &trace);
  EXPECT_THAT(trace[0], ElementsAre(0, 127));
}

}  // namespace
}  // namespace espalier
