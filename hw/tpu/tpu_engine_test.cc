#include "hw/tpu/tpu_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "core/random.h"
#include "hw/integer_builder.h"
#include "hw/testing.h"
#include "hw/tpu/energy.h"
#include "hw/tpu/report.h"

namespace espalier {
namespace {

struct Layer {
  IntegerMatrix matrix;
  Requantization requantization;
  std::vector<int16_t> inputs;
};

Layer MakeLayer(const std::string& name, int64_t rows, int64_t columns, int64_t batch, int32_t minimum, int32_t maximum,
                int weight_bits, Random* random) {
  Layer layer;
  layer.matrix.name = name;
  layer.matrix.rows = rows;
  layer.matrix.columns = columns;
  layer.matrix.input_minimum = minimum;
  layer.matrix.input_maximum = maximum;
  const int32_t limit = weight_bits == 8 ? 128 : 1000;
  for (int64_t i = 0; i < rows * columns; ++i) {
    layer.matrix.weights.push_back(static_cast<int16_t>(static_cast<int32_t>(random->Below(2 * limit)) - limit));
  }
  for (int64_t r = 0; r < rows; ++r) {
    layer.matrix.bias.push_back(static_cast<int32_t>(random->Below(2000)) - 1000);
    layer.requantization.multiplier.push_back(1 + static_cast<int32_t>(random->Below(1 << 20)));
    layer.requantization.shift.push_back(26 + static_cast<int>(random->Below(8)));
  }
  layer.requantization.minimum = random->Below(2) == 0 ? 0 : -128;
  layer.requantization.maximum = 127;
  for (int64_t i = 0; i < batch * columns; ++i) {
    layer.inputs.push_back(static_cast<int16_t>(
        minimum + static_cast<int32_t>(random->Below(static_cast<uint32_t>(maximum - minimum) + 1))));
  }
  return layer;
}

void ExpectPlainOutputs(const Layer& layer, int64_t batch, TpuEngine* engine) {
  std::vector<int16_t> plain(batch * layer.matrix.rows), fast(plain.size());
  PlainMatrixEngine().Multiply(layer.matrix, layer.requantization, layer.inputs.data(), batch, plain.data());
  engine->Multiply(layer.matrix, layer.requantization, layer.inputs.data(), batch, fast.data());
  EXPECT_EQ(fast, plain) << layer.matrix.name;
}

TEST(TpuEngine, GivesThePlainEnginesOutputs) {
  const std::unique_ptr<TpuEngine> engine = TpuEngine::Create(tpu::Config()).value();
  Random random(1, "engine", 0, 0);
  const Layer layers[] = {
      MakeLayer("signed", 300, 600, 70, -128, 127, 8, &random),
      MakeLayer("unsigned", 16, 144, 5000, 0, 255, 8, &random),
      MakeLayer("wide inputs", 40, 300, 30, -5000, 5000, 8, &random),
      MakeLayer("wide weights", 257, 64, 30, 0, 255, 16, &random),
  };
  int64_t operations = 0;
  for (const Layer& layer : layers) {
    const int64_t batch = static_cast<int64_t>(layer.inputs.size()) / layer.matrix.columns;
    ExpectPlainOutputs(layer, batch, engine.get());
    operations += 2 * batch * layer.matrix.rows * layer.matrix.columns;
  }
  EXPECT_EQ(engine->layers().size(), 4);
  EXPECT_EQ(engine->Total().operations, operations);
  EXPECT_EQ(engine->Total().host_read_bytes, 0);
  // Nine tiles fill and drain; 70 rows hide little of each fetch.
  EXPECT_NEAR(static_cast<double>(engine->layers()[0].counters.cycles), 6 * 1350, 1500);
}

TEST(TpuEngine, StreamsWhatExceedsTheUnifiedBuffer) {
  tpu::Config config;
  config.unified_buffer_bytes = 256 * 100;
  const std::unique_ptr<TpuEngine> engine = TpuEngine::Create(config).value();
  Random random(2, "engine", 0, 0);
  const Layer layer = MakeLayer("fc", 20, 300, 170, -128, 127, 8, &random);
  ExpectPlainOutputs(layer, 170, engine.get());
  EXPECT_EQ(engine->layers()[0].spilled_calls, 1);
  EXPECT_EQ(engine->Total().host_read_bytes, 170 * 2 * 256);
  EXPECT_EQ(engine->Total().host_written_bytes, 170 * 256);
  EXPECT_EQ(engine->Total().operations, 2 * 170 * 20 * 300);
}

TEST(TpuEngine, AddsUpCalls) {
  const std::unique_ptr<TpuEngine> engine = TpuEngine::Create(tpu::Config()).value();
  Random random(3, "engine", 0, 0);
  const Layer layer = MakeLayer("fc", 10, 20, 8, 0, 255, 8, &random);
  ExpectPlainOutputs(layer, 8, engine.get());
  const tpu::Counters once = engine->Total();
  ExpectPlainOutputs(layer, 8, engine.get());
  EXPECT_EQ(engine->Total().cycles, 2 * once.cycles);
  EXPECT_EQ(engine->layers()[0].vectors, 16);
}

TEST(TpuEngine, SaysWhatItCannotRun) {
  Random random(4, "engine", 0, 0);
  const Layer layer = MakeLayer("fc", 1, 200, 1, -32768, 32767, 16, &random);
  const std::unique_ptr<TpuEngine> engine = TpuEngine::Create(tpu::Config()).value();
  EXPECT_THAT(std::string(engine->Load(layer.matrix).message()),
              testing::StartsWith("layer fc: expected sums of 32 bits, found "));
  tpu::Config small;
  small.unified_buffer_bytes = 256;
  EXPECT_EQ(TpuEngine::Create(small).value()->Load(layer.matrix),
            absl::InvalidArgumentError(
                "fc: expected inputs and outputs of two vectors to fit 256 bytes, found 200 and 1 of them"));
  small.array_size = -1;
  EXPECT_FALSE(TpuEngine::Create(small).ok());
}

TEST(TpuReport, HasALinePerLayerAndTheirSum) {
  const std::unique_ptr<TpuEngine> engine = TpuEngine::Create(tpu::Config()).value();
  Random random(5, "engine", 0, 0);
  const Layer layers[] = {MakeLayer("fc1", 10, 20, 8, 0, 255, 8, &random),
                          MakeLayer("fc2", 10, 20, 8, 0, 255, 8, &random)};
  for (const Layer& layer : layers) ExpectPlainOutputs(layer, 8, engine.get());
  // 8 vectors through one tile, of which 20 x 10 weights are used: fetch, shift, multiply, drain, activate.
  const int64_t cycles = 1350 + 256 + 8 + 511 + 8 + 8;
  const std::string csv = TpuCyclesCsv(*engine);
  EXPECT_NE(csv.find(absl::StrCat("\nfc1,", cycles, ",8,1350,256,")), csv.npos) << csv;
  EXPECT_NE(csv.find(absl::StrCat("\ntotal,", 2 * cycles, ",16,2700,512,")), csv.npos) << csv;
  EXPECT_THAT(TpuTrafficCsv(*engine), testing::HasSubstr("\nfc2,65536,0,0,2048,2048,24576,94208,4,1,2048,2048\n"));
  EXPECT_THAT(TpuEnergyCsv(*engine), testing::HasSubstr("\ntotal,"));
  EXPECT_THAT(TpuRooflineCsv(*engine), testing::HasSubstr("\nfc1,0.0488281,"));
}

// Names are the user's.
TEST(TpuReport, AnyNameIsACell) {
  const std::unique_ptr<TpuEngine> engine = TpuEngine::Create(tpu::Config()).value();
  Random random(5, "engine", 0, 0);
  const Layer layer = MakeLayer("the \"first\", 1", 10, 20, 8, 0, 255, 8, &random);
  ExpectPlainOutputs(layer, 8, engine.get());
  for (const std::string& csv :
       {TpuCyclesCsv(*engine), TpuTrafficCsv(*engine), TpuEnergyCsv(*engine), TpuRooflineCsv(*engine)}) {
    EXPECT_THAT(csv, testing::HasSubstr("\n\"the \"\"first\"\", 1\","));
  }
}

// A whole network, with groups, strides, pools and sums.
TEST(TpuEngine, RunsWholeNetworks) {
  const RandomNetwork random = MakeRandomNetwork(R"(
    input { name: 'image' dims: [4, 9, 7] }
    layer { name: 'a' conv { channels: 6 kernel: 3 pad: 1 } } layer { batch_norm {} } layer { name: 'r' relu {} }
    layer { name: 'b' conv { channels: 6 kernel: 3 pad: 1 groups: 2 } }
    layer { name: 'sum' add {} input: ['b', 'r'] } layer { relu {} }
    layer { pool { kernel: 2 stride: 2 } }
    layer { name: 'c' dense { channels: 5 } })",
                                                 3);
  IntegerFormat format;
  format.bits = 8;
  const IntegerNetwork network =
      BuildIntegerNetwork(random.network, random.tensors, random.activations, format).value();
  PlainMatrixEngine plain;
  const std::unique_ptr<TpuEngine> engine = TpuEngine::Create(tpu::Config()).value();
  EXPECT_EQ(network.Run(random.images.data(), random.batch, engine.get()).values,
            network.Run(random.images.data(), random.batch, &plain).values);
  EXPECT_EQ(engine->layers().size(), 4);
}

TEST(TpuEnergy, AtFullSpeedEventsLieBetweenDynamicAndDesignPower) {
  // A second of 2048 rows a tile: more than busy less idle power (12 W), since 45 nm are not 28, less than 75 W.
  tpu::Counters counters;
  counters.cycles = counters.array_active = 700000000;
  counters.useful_macs = counters.cycles * 65536;
  counters.accumulator_updates = counters.unified_buffer_read_bytes = counters.cycles * 256;
  counters.weight_bytes = counters.cycles * 32;
  const tpu::Energy energy = tpu::ComputeEnergy(tpu::Config(), counters);
  EXPECT_DOUBLE_EQ(energy.busy, 40);
  EXPECT_GT(energy.events(), energy.busy - energy.idle);
  EXPECT_LT(energy.events(), energy.thermal_design);
  for (const tpu::Constant& constant : tpu::EnergyConstants()) EXPECT_FALSE(constant.source.empty());
}

}  // namespace
}  // namespace espalier
