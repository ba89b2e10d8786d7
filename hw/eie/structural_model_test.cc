#include "hw/eie/structural_model.h"

#include "glog/logging.h"
#include "gtest/gtest.h"
#include "hw/eie/non_zero_tree.h"

namespace espalier {
namespace {

const Requantization kExact{{1}, {0}, -32768, 32767};

EieConfig SmallChip(int elements, int depth) {
  EieConfig config;
  config.processing_elements = elements;
  config.queue_depth = depth;
  config.accumulator_bits = 32;
  config.product_shift = 0;
  return config;
}

EieResult RunModules(const EieConfig& config, int64_t rows, std::vector<int16_t> weights,
                     std::vector<int16_t> activations, std::vector<int64_t> bias = {}) {
  IntegerMatrix matrix;
  matrix.name = "fc";
  matrix.rows = rows;
  matrix.columns = static_cast<int64_t>(activations.size());
  matrix.weights = std::move(weights);
  matrix.bias = std::move(bias);
  matrix.bias.resize(rows);
  const absl::StatusOr<EieProgram> program = CompileForEie(config, *Compress(matrix, config.code_bits));
  CHECK(program.ok()) << program.status();
  return RunEieModules(*program, kExact, activations.data());
}

TEST(NonZeroTree, HasTheNodesOfThePaper) {
  EXPECT_EQ(NonZeroTreeNodes(64), 21);
  EXPECT_EQ(NonZeroTreeNodes(256), 85);
  EXPECT_EQ(NonZeroTreeNodes(5), 3);
  EXPECT_EQ(NonZeroTreeNodes(1), 1);
}

TEST(NonZeroTree, FindsTheFirst) {
  for (const size_t lanes : {1, 3, 4, 17, 64, 100}) {
    EXPECT_EQ(FirstNonZeroLane(std::vector<bool>(lanes)), -1);
    for (size_t lane = 0; lane < lanes; ++lane) {
      std::vector<bool> set(lanes);
      set[lane] = set[lanes - 1] = true;
      EXPECT_EQ(FirstNonZeroLane(set), lane);
    }
  }
}

// Broadcast in cycle 0, pointers in 1, entries in 2 and 3; of the last entry: codebook in 4, product in 5, sum in 6,
// accumulator in 7.
TEST(EieModules, TakeTheCyclesOfThePipeline) {
  const EieResult result = RunModules(SmallChip(1, 8), 2, {2, 3}, {5}, {1, -1});
  EXPECT_EQ(result.outputs, (std::vector<int16_t>{11, 14}));
  EXPECT_EQ(result.counters.cycles, 8);
  EXPECT_EQ(result.counters.broadcasts, 1);
  EXPECT_EQ(result.counters.real_macs, 2);
  EXPECT_EQ(result.counters.pointer_reads, 2);
  EXPECT_EQ(result.counters.matrix_reads, 1);
}

// The same accumulator in consecutive cycles, and in every other one.
TEST(EieModules, ForwardSums) {
  EXPECT_EQ(RunModules(SmallChip(1, 8), 1, {1, 2, 3, 4}, {1, 1, 1, 1}).outputs, (std::vector<int16_t>{10}));
  EXPECT_EQ(RunModules(SmallChip(1, 8), 2, {1, 2, 3, 1, 2, 3}, {1, 1, 1}).outputs, (std::vector<int16_t>{6, 6}));
}

TEST(EieModules, StepOverZeros) {
  // Two lanes: rows of activations (0, 0), (7, 0), (0, 7); the last lane of the last row ends the walk at once.
  const EieResult result = RunModules(SmallChip(2, 8), 1, {1, 1, 1, 1, 1, 1}, {0, 0, 7, 0, 0, 7});
  EXPECT_EQ(result.outputs, (std::vector<int16_t>{14}));
  EXPECT_EQ(result.counters.broadcasts, 2);
  EXPECT_EQ(result.counters.row_step_cycles, 2);
  EXPECT_EQ(result.counters.empty_columns, 2);  // of the element without a row
}

// One element has four entries a column, the other none: the queue of the first one holds the broadcast back.
TEST(EieModules, StallWhereAQueueIsFull) {
  std::vector<int16_t> weights(8 * 8);
  for (int row = 0; row < 8; row += 2) std::fill_n(weights.begin() + row * 8, 8, 1);
  const std::vector<int16_t> activations(8, 1);
  const EieCounters deep = RunModules(SmallChip(2, 8), 8, weights, activations).counters;
  const EieCounters shallow = RunModules(SmallChip(2, 1), 8, weights, activations).counters;
  EXPECT_EQ(deep.queue_full_cycles, 0);
  EXPECT_EQ(deep.cycles, 2 + 8 * 4 + 4);
  // Each column waits in the queue until the one before it is done, and is two cycles behind then.
  EXPECT_GT(shallow.queue_full_cycles, 0);
  EXPECT_EQ(shallow.cycles, 2 + 4 + 7 * 4 + 4);
  EXPECT_EQ(shallow.empty_columns, 8);
}

TEST(EieModules, FinishWithoutWork) {
  const EieResult result = RunModules(SmallChip(4, 8), 1, {1, 1, 1}, {0, 0, 0}, {9});
  EXPECT_EQ(result.outputs, (std::vector<int16_t>{9}));
  EXPECT_EQ(result.counters.cycles, 1);
  EXPECT_EQ(result.counters.LoadBalance(4), 0);
}

}  // namespace
}  // namespace espalier
