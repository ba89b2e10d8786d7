// Whole networks on EIE: convolutions that are lowered, groups, dense layers, what stands between them.
#include <algorithm>
#include <cmath>

#include "glog/logging.h"
#include "gtest/gtest.h"
#include "hw/eie/eie_engine.h"
#include "hw/eie/reference.h"
#include "hw/integer_builder.h"
#include "hw/integer_network.h"
#include "hw/testing.h"

namespace espalier {
namespace {

constexpr char kModel[] = R"(
  input { name: 'image' dims: [4, 9, 9] }
  layer { name: 'a' conv { channels: 6 kernel: 3 pad: 1 } } layer { relu {} }
  layer { name: 'max' pool { kernel: 3 stride: 2 } }
  layer { name: 'b' conv { channels: 8 kernel: 3 groups: 2 } } layer { relu {} }
  layer { name: 'c' dense { channels: 70 } } layer { relu {} }
  layer { name: 'd' dense { channels: 5 } })";

constexpr int64_t kBatch = 4;

// Weights shared among 15 values, most of the middle one, zero.
RandomNetwork SharedNetwork() {
  constexpr float kSteps = 7;
  RandomNetwork random = MakeRandomNetwork(kModel, kBatch);
  for (PackedTensor& tensor : random.tensors) {
    if (tensor.shape.rank() < 2) continue;
    std::vector<float>& values = std::get<FloatValues>(tensor.values).values;
    float largest = 0;
    for (const float value : values) largest = std::max(largest, std::fabs(value));
    for (float& value : values) value = std::trunc(value / largest * kSteps) * largest / kSteps;
  }
  RunInFloat(&random);
  return random;
}

IntegerNetwork Build(const RandomNetwork& random, const IntegerFormat& format) {
  absl::StatusOr<IntegerNetwork> network =
      BuildIntegerNetwork(random.network, random.tensors, random.activations, format);
  CHECK(network.ok()) << network.status();
  return *std::move(network);
}

std::unique_ptr<EieEngine> Engine(const EieConfig& config) {
  absl::StatusOr<std::unique_ptr<EieEngine>> engine = EieEngine::Create(config);
  CHECK(engine.ok()) << engine.status();
  return *std::move(engine);
}

TEST(EieNetwork, EqualsItsReference) {
  const RandomNetwork random = SharedNetwork();
  for (const IntegerFormat& format : {IntegerFormat::Fixed16(), IntegerFormat::Fixed8(), IntegerFormat::Int8()}) {
    SCOPED_TRACE(format.ToString());
    IntegerFormat shared = format;
    shared.per_channel = false;  // a layer's weights have one codebook
    const IntegerNetwork network = Build(random, shared);
    const std::unique_ptr<EieEngine> engine = Engine(EieConfig());
    EieReferenceEngine reference((EieConfig()));
    IntegerNetwork::Values found, expected;
    network.Run(random.images.data(), kBatch, engine.get(), &found);
    network.Run(random.images.data(), kBatch, &reference, &expected);
    EXPECT_EQ(found, expected);
    ASSERT_EQ(engine->layers().size(), 5);
    EXPECT_EQ(engine->layers()[0].vectors, kBatch * 9 * 9);
    EXPECT_EQ(engine->layers()[4].vectors, kBatch);
    EXPECT_GT(engine->Total().real_macs, 0);

    EieConfig exact;
    exact.accumulator_bits = 48;
    exact.product_shift = 0;
    PlainMatrixEngine plain;
    network.Run(random.images.data(), kBatch, Engine(exact).get(), &found);
    network.Run(random.images.data(), kBatch, &plain, &expected);
    EXPECT_EQ(found, expected);
  }
}

// Logits in 16 bits, accumulators included, are those of float within a thousandth of the largest.
TEST(EieNetwork, IsAsGoodAsFloatInSixteenBits) {
  const RandomNetwork random = SharedNetwork();
  const IntegerNetwork network = Build(random, IntegerFormat::Fixed16());
  const std::unique_ptr<EieEngine> engine = Engine(EieConfig());
  const IntegerLogits logits = network.Run(random.images.data(), kBatch, engine.get());
  const std::vector<float>& expected = random.values.back();
  float largest = 0;
  for (const float value : expected) largest = std::max(largest, std::fabs(value));
  ASSERT_EQ(logits.values.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(logits.values[i] * logits.unit, expected[i], largest / 1000) << i;
  }
  EXPECT_EQ(engine->Total().saturations, 0);
}

}  // namespace
}  // namespace espalier
