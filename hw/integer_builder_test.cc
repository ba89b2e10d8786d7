#include "hw/integer_builder.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "hw/testing.h"

namespace espalier {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kNormed[] =
    "input { name: 'x' dims: [2, 4, 4] } layer { name: 'conv' conv { channels: 3 kernel: 3 bias: false } } "
    "layer { name: 'bn' batch_norm {} } layer { relu {} } layer { dense { channels: 2 } }";

PackedTensor* Find(RandomNetwork* random, const std::string& name) {
  for (PackedTensor& tensor : random->tensors) {
    if (tensor.name == name) return &tensor;
  }
  return nullptr;
}

void Set(RandomNetwork* random, const std::string& name, std::vector<float> values) {
  Find(random, name)->values = FloatValues{DType::kF32, std::move(values)};
}

absl::StatusOr<IntegerNetwork> Build(const RandomNetwork& random, const IntegerFormat& format) {
  return BuildIntegerNetwork(random.network, random.tensors, random.activations, format);
}

TEST(IntegerBuilderTest, PowersOfTwoNeedNoMultiplier) {
  const RandomNetwork random = MakeRandomNetwork("input { name: 'x' dims: 8 } layer { dense { channels: 4 } }", 2);
  const IntegerNetwork network = *Build(random, IntegerFormat::Fixed16());
  EXPECT_THAT(network.layers()[0].requantizations[0].multiplier, ElementsAre(1));
  EXPECT_EQ(network.layers()[0].requantizations[0].shift.size(), 1u);
  for (const IntegerActivation& activation : network.activations()) {
    int exponent = 0;
    EXPECT_EQ(std::frexp(activation.unit, &exponent), 0.5) << activation.name;
  }
}

TEST(IntegerBuilderTest, RectifiersAreLimits) {
  const RandomNetwork random = MakeRandomNetwork(kNormed, 2);
  const IntegerNetwork int8 = *Build(random, IntegerFormat::Int8());
  EXPECT_EQ(int8.layers()[0].requantizations[0].minimum, 0);
  EXPECT_EQ(int8.layers()[0].requantizations[0].maximum, 255);
  EXPECT_EQ(int8.layers()[1].requantizations[0].minimum, -128);
  EXPECT_EQ(int8.layers()[1].requantizations[0].maximum, 127);
  EXPECT_EQ(int8.layers()[1].matrices[0].input_minimum, 0);
  EXPECT_EQ(int8.layers()[1].matrices[0].input_maximum, 255);
  const IntegerNetwork fixed16 = *Build(random, IntegerFormat::Fixed16());
  EXPECT_EQ(fixed16.layers()[0].requantizations[0].maximum, 32767);
}

TEST(IntegerBuilderTest, SharedWeightsStayShared) {
  RandomNetwork random = MakeRandomNetwork(
      "input { name: 'x' dims: [4, 3, 3] } layer { name: 'conv' conv { channels: 4 kernel: 3 groups: 2 bias: false } } "
      "layer { batch_norm {} } layer { flatten {} }",
      2);
  PackedTensor* weight = Find(&random, "conv/weight");
  SharedValues shared;
  shared.codebook = {0, -0.5f, 0.25f, 0.3f};
  for (int64_t i = 0; i < weight->shape.elements(); ++i) shared.codes.push_back(static_cast<uint8_t>(i * 7 % 4));
  weight->values = shared;
  RunInFloat(&random);
  for (const IntegerFormat& format : {IntegerFormat::Fixed16(), IntegerFormat::Int8()}) {
    const IntegerNetwork network = *Build(random, format);
    int64_t offset = 0;
    for (const IntegerMatrix& matrix : network.layers()[0].matrices) {
      std::map<uint8_t, int16_t> codebook;
      for (size_t i = 0; i < matrix.weights.size(); ++i) {
        const auto [entry, added] = codebook.emplace(shared.codes[offset + i], matrix.weights[i]);
        EXPECT_EQ(entry->second, matrix.weights[i]) << i;
      }
      EXPECT_EQ(codebook.size(), 4u);
      EXPECT_EQ(codebook[0], 0);
      offset += static_cast<int64_t>(matrix.weights.size());
    }
  }
}

TEST(IntegerBuilderTest, IntegersOfThePackageStayAsTheyAre) {
  RandomNetwork random = MakeRandomNetwork("input { name: 'x' dims: 3 } layer { name: 'fc' dense { channels: 2 } }", 2);
  Find(&random, "fc/weight")->values = IntegerValues{8, {0.01f, 0.03f}, {1, -128, 3, 127, 5, -6}};
  RunInFloat(&random);
  for (const IntegerFormat& format : {IntegerFormat::Fixed16(), IntegerFormat::Int8()}) {
    EXPECT_THAT((*Build(random, format)).layers()[0].matrices[0].weights, ElementsAre(1, -128, 3, 127, 5, -6));
  }
  Find(&random, "fc/weight")->values = IntegerValues{16, {0.001f}, {1000, -2000, 300, 400, 500, -600}};
  RunInFloat(&random);
  EXPECT_THAT((*Build(random, IntegerFormat::Fixed16())).layers()[0].matrices[0].weights,
              ElementsAre(1000, -2000, 300, 400, 500, -600));
  EXPECT_THAT((*Build(random, IntegerFormat::Int8())).layers()[0].matrices[0].weights,
              ElementsAre(64, -127, 19, 85, 106, -127));
}

TEST(IntegerBuilderTest, IntegersOfAnyScaleGiveTheFloatNetworksWeights) {
  RandomNetwork random = MakeRandomNetwork("input { name: 'x' dims: 3 } layer { name: 'fc' dense { channels: 3 } }", 2);
  Find(&random, "fc/weight")->values = IntegerValues{8, {-0.01f, 0, 0.02f}, {1, -128, 127, 50, 60, -70, 100, -50, 25}};
  Set(&random, "fc/bias", {0.25f, 0.5f, -0.5f});
  RunInFloat(&random);
  for (const IntegerFormat& format : {IntegerFormat::Int8(), IntegerFormat::Fixed16()}) {
    const IntegerNetwork network = *Build(random, format);
    const int16_t least = format.bits == 8 ? 127 : 128;  // of -128
    EXPECT_THAT(network.layers()[0].matrices[0].weights, ElementsAre(-1, least, -127, 0, 0, 0, 100, -50, 25));
    PlainMatrixEngine engine;
    const IntegerLogits logits = network.Run(random.images.data(), 2, &engine);
    for (size_t i = 0; i < 6; ++i) {
      EXPECT_NEAR(logits.values[i] * logits.unit, random.values[1][i], 0.03) << format.ToString() << " " << i;
    }
  }
}

TEST(IntegerBuilderTest, ChannelsThatBatchNormSwitchesOffAreConstant) {
  for (float gain : {0.0f, 1e-30f, 1e-12f}) {
    RandomNetwork random = MakeRandomNetwork(kNormed, 2);
    Set(&random, "bn/scale", {1, gain, -1});
    Set(&random, "bn/shift", {0.1f, 0.7f, 0.2f});
    RunInFloat(&random);
    for (IntegerFormat format : {IntegerFormat::Int8(), IntegerFormat::Fixed8(), IntegerFormat::Fixed16()}) {
      format.activations = UnitChoice::kLargest;
      const IntegerNetwork network = *Build(random, format);
      const IntegerMatrix& matrix = network.layers()[0].matrices[0];
      EXPECT_LT(LargestSum(matrix), int64_t{1} << (format.bits == 8 ? 31 : 47));
      PlainMatrixEngine engine;
      IntegerNetwork::Values trace;
      network.Run(random.images.data(), random.batch, &engine, &trace);
      const double unit = network.activations()[1].unit;
      for (int64_t i = 4; i < 8; ++i) EXPECT_NEAR(trace[1][i] * unit, 0.7, unit) << gain << " " << format.ToString();
    }
  }
}

TEST(IntegerBuilderTest, TinyWeightsAndChannelsOfZeros) {
  RandomNetwork random = MakeRandomNetwork("input { name: 'x' dims: 2 } layer { name: 'fc' dense { channels: 3 } }", 2);
  Set(&random, "fc/weight", {1e-36f, -1e-36f, 0, 0, 0.5f, 0.25f});
  Set(&random, "fc/bias", {0.5f, -0.25f, 0});
  RunInFloat(&random);
  for (const IntegerFormat& format : {IntegerFormat::Int8(), IntegerFormat::Fixed16()}) {
    const IntegerNetwork network = *Build(random, format);
    PlainMatrixEngine engine;
    const IntegerLogits logits = network.Run(random.images.data(), 2, &engine);
    for (size_t i = 0; i < 6; ++i) {
      EXPECT_NEAR(logits.values[i] * logits.unit, random.values[1][i], 2 * logits.unit) << format.ToString();
    }
  }
}

TEST(IntegerBuilderTest, JoinedActivationsShareAUnit) {
  const RandomNetwork random = MakeRandomNetwork(
      "input { name: 'x' dims: [2, 4, 4] } layer { name: 'a' conv { channels: 2 kernel: 1 } input: 'x' } "
      "layer { name: 'b' conv { channels: 2 kernel: 1 } input: 'x' } layer { name: 'c' concat {} input: ['a', 'b'] } "
      "layer { name: 'p' pool { kernel: 2 } } layer { flatten {} }",
      2);
  const IntegerNetwork network = *Build(random, IntegerFormat::Int8());
  const auto& activations = network.activations();
  EXPECT_EQ(activations[1].unit, activations[3].unit);
  EXPECT_EQ(activations[2].unit, activations[3].unit);
  EXPECT_EQ(activations[4].unit, activations[3].unit);
  EXPECT_THAT(network.layers()[2].rescale.multiplier, Each(1));
  EXPECT_THAT(network.layers()[2].rescale.shift, Each(0));
}

TEST(IntegerBuilderTest, Errors) {
  RandomNetwork random = MakeRandomNetwork(kNormed, 2);
  const auto error = [&] { return std::string(Build(random, IntegerFormat::Int8()).status().message()); };
  Set(&random, "bn/variance", {1, NAN, 1});
  EXPECT_THAT(error(), HasSubstr("layer \"conv\": channel 1: expected finite numbers, found gain nan"));
  Find(&random, "bn/variance")->shape = {1, 3};
  EXPECT_THAT(error(), HasSubstr("tensor \"bn/variance\": expected [3], found [1, 3]"));
  random.tensors.pop_back();
  EXPECT_THAT(error(), HasSubstr("tensor \"bn/variance\": expected [3], found none"));
}

TEST(IntegerBuilderTest, SumsMustFitTheAccumulators) {
  const RandomNetwork random = MakeRandomNetwork("input { name: 'x' dims: 140000 } layer { dense { channels: 1 } }", 1);
  RandomNetwork full = random;
  Set(&full, full.tensors[0].name, std::vector<float>(140000, 1.0f));
  RunInFloat(&full);
  EXPECT_THAT(std::string(Build(full, IntegerFormat::Int8()).status().message()),
              HasSubstr("expected sums of at most 31 bits and a sign, found 32 bits for 140000 inputs of 8 bits"));
}

}  // namespace
}  // namespace espalier
