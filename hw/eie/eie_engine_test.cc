#include "hw/eie/eie_engine.h"

#include "core/random.h"
#include "glog/logging.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "hw/eie/reference.h"

namespace espalier {
namespace {

IntegerMatrix RandomMatrix(const char* name, int64_t rows, int64_t columns, int values) {
  Random random(7, name, 0, 0);
  IntegerMatrix matrix;
  matrix.name = name;
  matrix.rows = rows;
  matrix.columns = columns;
  for (int64_t i = 0; i < rows * columns; ++i) {
    const bool zero = random.Below(10) > 0;
    matrix.weights.push_back(zero ? 0 : static_cast<int16_t>(200 * (1 + random.Below(values)) - 100 * values));
  }
  for (int64_t row = 0; row < rows; ++row)
    matrix.bias.push_back(static_cast<int64_t>(random.Below(1 << 20)) - (1 << 19));
  return matrix;
}

std::vector<int16_t> RandomInputs(int64_t count) {
  Random random(7, "inputs", 0, 0);
  std::vector<int16_t> inputs;
  for (int64_t i = 0; i < count; ++i) {
    inputs.push_back(random.Below(2) ? 0 : static_cast<int16_t>(random.Below(32768)));
  }
  return inputs;
}

std::unique_ptr<EieEngine> Engine(const EieConfig& config) {
  absl::StatusOr<std::unique_ptr<EieEngine>> engine = EieEngine::Create(config);
  CHECK(engine.ok()) << engine.status();
  return *std::move(engine);
}

std::vector<int16_t> Outputs(MatrixEngine* engine, const IntegerMatrix& matrix, const std::vector<int16_t>& inputs) {
  const int64_t batch = static_cast<int64_t>(inputs.size()) / matrix.columns;
  std::vector<int16_t> outputs(batch * matrix.rows);
  engine->Multiply(matrix, {{1}, {11}, -32768, 32767}, inputs.data(), batch, outputs.data());
  return outputs;
}

TEST(EieEngine, EqualsItsReferenceAndCounts) {
  const IntegerMatrix first = RandomMatrix("fc1", 70, 300, 15), second = RandomMatrix("fc2", 10, 70, 15);
  const EieConfig config;
  const std::unique_ptr<EieEngine> engine = Engine(config);
  EieReferenceEngine reference(config);
  const std::vector<int16_t> inputs = RandomInputs(20 * 300);
  const std::vector<int16_t> hidden = Outputs(engine.get(), first, inputs);
  EXPECT_EQ(hidden, Outputs(&reference, first, inputs));
  EXPECT_EQ(Outputs(engine.get(), second, hidden), Outputs(&reference, second, hidden));

  ASSERT_EQ(engine->layers().size(), 2);
  EXPECT_EQ(engine->layers()[0].program->matrix.name, "fc1");
  EXPECT_EQ(engine->layers()[1].vectors, 20);
  EieCounters sum = engine->layers()[0].counters;
  sum += engine->layers()[1].counters;
  EXPECT_TRUE(engine->Total() == sum);

  // More vectors add as much again.
  const EieCounters before = engine->layers()[0].counters;
  Outputs(engine.get(), first, inputs);
  EXPECT_EQ(engine->layers()[0].counters.cycles, 2 * before.cycles);
  EXPECT_EQ(engine->layers()[0].vectors, 40);
}

// What the memories do not hold comes from DRAM again: a layer that does not fit for every vector, layers that only fit
// one at a time for every sample. What they hold for good is loaded once, whatever the number of samples.
TEST(EieEngine, LoadsWhatTheMemoriesDoNotHold) {
  const IntegerMatrix first = RandomMatrix("fc1", 8, 40, 15), second = RandomMatrix("fc2", 8, 40, 15);
  const std::vector<int16_t> inputs = RandomInputs(6 * 40);
  EieConfig config;
  config.processing_elements = 2;
  const auto run = [&](int64_t pointers) {
    config.pointer_sram_bytes = 2 * pointers;
    std::unique_ptr<EieEngine> engine = Engine(config);
    CHECK(engine->Load(first, 3).ok());
    Outputs(engine.get(), first, inputs);
    Outputs(engine.get(), second, inputs);
    return engine;
  };
  const std::unique_ptr<EieEngine> both = run(2 * 41), one = run(2 * 41 - 1), none = run(40);
  const int64_t bytes[] = {both->layers()[0].program->load_bytes, both->layers()[1].program->load_bytes};
  EXPECT_EQ(both->Loading(both->layers()[0]), EieLoading::kOnce);
  EXPECT_EQ(both->TotalDramBytes(), 0);
  EXPECT_EQ(one->Loading(one->layers()[0]), EieLoading::kForEachSample);
  EXPECT_EQ(one->DramBytes(one->layers()[0]), 2 * bytes[0]);
  EXPECT_EQ(one->DramBytes(one->layers()[1]), 6 * bytes[1]);
  EXPECT_EQ(one->TotalDramBytes(), 2 * bytes[0] + 6 * bytes[1]);
  EXPECT_EQ(none->Loading(none->layers()[0]), EieLoading::kForEachVector);
  EXPECT_GE(none->DramBytes(none->layers()[0]), 6 * bytes[0]);

  // Elements' images add up as well.
  const std::vector<int64_t>& images = both->layers()[0].program->images;
  ASSERT_EQ(images.size(), 2);
  EXPECT_EQ(both->layers()[0].program->largest_image, std::max(images[0], images[1]));
  config.matrix_sram_bytes = 8 * ((both->layers()[0].program->largest_image + 7) / 8);
  EXPECT_EQ(run(2 * 41)->Loading(both->layers()[0]), EieLoading::kForEachSample);
}

TEST(EieEngine, EqualsPlainIntegersWithExactSums) {
  const IntegerMatrix matrix = RandomMatrix("fc", 40, 200, 15);
  EieConfig config;
  config.accumulator_bits = 48;
  config.product_shift = 0;
  PlainMatrixEngine plain;
  const std::vector<int16_t> inputs = RandomInputs(5 * 200);
  EXPECT_EQ(Outputs(Engine(config).get(), matrix, inputs), Outputs(&plain, matrix, inputs));
}

// In the paper's 16 bits outputs are off by little: each of up to about 20 products is rounded by up to half a unit of
// the accumulator, which with a guard bit is two of the output.
TEST(EieEngine, StaysCloseToPlainIntegersInSixteenBits) {
  const IntegerMatrix matrix = RandomMatrix("fc", 40, 200, 15);
  PlainMatrixEngine plain;
  const std::vector<int16_t> inputs = RandomInputs(50 * 200);
  const std::vector<int16_t> exact = Outputs(&plain, matrix, inputs);
  const std::unique_ptr<EieEngine> engine = Engine(EieConfig());
  const std::vector<int16_t> found = Outputs(engine.get(), matrix, inputs);
  EXPECT_EQ(engine->Total().saturations, 0);
  for (size_t i = 0; i < found.size(); ++i) ASSERT_NEAR(found[i], exact[i], 20) << i;
}

TEST(EieEngine, SaysWhatItCannotRun) {
  EieConfig config;
  EXPECT_THAT(Engine(config)->Load(RandomMatrix("fc", 40, 200, 40)).message(),
              testing::HasSubstr("fc: expected at most 15 distinct non-zero weights"));
  config.accumulator_bits = 99;
  EXPECT_EQ(EieEngine::Create(config).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace espalier
