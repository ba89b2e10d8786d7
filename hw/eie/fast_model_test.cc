#include "hw/eie/fast_model.h"

#include <algorithm>

#include "core/random.h"
#include "gtest/gtest.h"
#include "hw/eie/reference.h"

namespace espalier {
namespace {

struct Case {
  EieConfig config;
  IntegerMatrix matrix;
  Requantization requantization;
  std::vector<int16_t> activations;
};

IntegerMatrix RandomMatrix(const EieConfig& config, Random* random) {
  IntegerMatrix matrix;
  matrix.name = "random";
  matrix.rows = 1 + random->Below(150);
  matrix.columns = 1 + random->Below(150);
  std::vector<int16_t> values;
  for (int code = 1; code < 1 << std::min(config.code_bits, 6); ++code) {
    values.push_back(static_cast<int16_t>(random->NextBits()));
  }
  const float density = random->Uniform() * random->Uniform();
  for (int64_t i = 0; i < matrix.rows * matrix.columns; ++i) {
    matrix.weights.push_back(random->Uniform() < density ? values[random->Below(values.size())] : 0);
  }
  for (int64_t row = 0; row < matrix.rows; ++row) {
    matrix.bias.push_back(static_cast<int32_t>(random->NextBits()) >> 4);
  }
  return matrix;
}

EieConfig RandomConfig(Random* random) {
  EieConfig config;
  config.processing_elements = 1 + random->Below(random->Below(2) ? 8 : 70);
  config.queue_depth = 1 + random->Below(random->Below(2) ? 3 : 20);
  config.code_bits = 1 + random->Below(8);
  config.index_bits = 1 + random->Below(6);
  config.matrix_sram_width = config.code_bits + config.index_bits + random->Below(100);
  config.matrix_sram_bytes = random->Below(2) ? 128 << 10 : 2000 + random->Below(4000);
  config.pointer_sram_bytes = random->Below(2) ? 32 << 10 : 300 + random->Below(300);
  config.activation_sram_bytes = random->Below(2) ? 2048 : 16 + random->Below(64);
  config.activation_sram_width = 16 + random->Below(100);
  config.activation_registers = 1 + random->Below(random->Below(2) ? 8 : 200);
  config.accumulator_bits = 8 + random->Below(41);
  config.product_shift = static_cast<int>(random->Below(20)) - 1;
  return config;
}

Case RandomCase(uint64_t seed) {
  Random random(seed, "eie test", 0, 0);
  Case test;
  test.config = RandomConfig(&random);
  test.matrix = RandomMatrix(test.config, &random);
  const bool per_row = random.Below(2) > 0;
  for (int64_t row = 0; row < (per_row ? test.matrix.rows : 1); ++row) {
    test.requantization.multiplier.push_back(1 + static_cast<int32_t>(random.NextBits() >> 1) % 100000);
    test.requantization.shift.push_back(static_cast<int>(random.Below(40)));
  }
  test.requantization.minimum = random.Below(2) ? 0 : -32768;
  test.requantization.maximum = random.Below(2) ? 255 : 32767;
  const float density = random.Uniform();
  for (int64_t column = 0; column < test.matrix.columns; ++column) {
    const bool zero = random.Uniform() >= density;
    test.activations.push_back(zero ? 0 : static_cast<int16_t>(random.NextBits()));
  }
  return test;
}

std::vector<int64_t> Figures(const EieCounters& counters) {
  return {counters.cycles,
          counters.broadcasts,
          counters.queue_full_cycles,
          counters.row_step_cycles,
          counters.activation_load_cycles,
          counters.drain_cycles,
          counters.write_back_cycles,
          counters.real_macs,
          counters.padding_macs,
          counters.empty_columns,
          counters.queue_pushes,
          counters.pointer_reads,
          counters.matrix_reads,
          counters.activation_reads,
          counters.activation_writes,
          counters.saturations};
}

// Outputs are the reference's, bit for bit, and the models agree in every counter, on all kinds of chips: one element,
// queues of one place, entries that do not fill a line, memories that hold a part of the layer, narrow accumulators.
TEST(EieModels, EqualTheReferenceAndEachOther) {
  int tiled = 0, blocks = 0, batched = 0, saturated = 0;
  for (uint64_t seed = 0; seed < 400; ++seed) {
    SCOPED_TRACE(seed);
    const Case test = RandomCase(seed);
    const absl::StatusOr<SparseMatrix> matrix = Compress(test.matrix, test.config.code_bits);
    ASSERT_TRUE(matrix.ok()) << matrix.status();
    const absl::StatusOr<EieProgram> program = CompileForEie(test.config, *matrix);
    if (!program.ok()) {
      EXPECT_EQ(program.status().code(), absl::StatusCode::kInvalidArgument) << program.status();
      continue;
    }
    int64_t saturations = 0;
    const std::vector<int16_t> expected =
        EieReference(test.config, test.matrix, test.requantization, test.activations.data(), &saturations);
    const EieResult modules = RunEieModules(*program, test.requantization, test.activations.data());
    const EieResult fast = FastEie(*program).Run(test.requantization, test.activations.data());
    EXPECT_EQ(modules.outputs, expected);
    EXPECT_EQ(fast.outputs, expected);
    EXPECT_EQ(modules.counters.saturations, saturations);
    EXPECT_EQ(Figures(modules.counters), Figures(fast.counters));
    EXPECT_TRUE(modules.counters == fast.counters);

    const EieCounters& counters = fast.counters;
    EXPECT_EQ(counters.cycles, counters.broadcasts + counters.queue_full_cycles + counters.row_step_cycles +
                                   counters.activation_load_cycles + counters.drain_cycles +
                                   counters.write_back_cycles);
    EXPECT_GE(counters.Idle(test.config.processing_elements), 0);
    tiled += program->tiles() > static_cast<int64_t>(program->blocks.size());
    blocks += program->blocks.size() > 1;
    batched += program->batched();
    saturated += saturations > 0;
  }
  EXPECT_GT(tiled, 20);
  EXPECT_GT(blocks, 20);
  EXPECT_GT(batched, 20);
  EXPECT_GT(saturated, 20);
}

}  // namespace
}  // namespace espalier
