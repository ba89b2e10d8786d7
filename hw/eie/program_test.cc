#include "hw/eie/program.h"

#include "glog/logging.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace espalier {
namespace {

using ::testing::HasSubstr;

IntegerMatrix Column(std::vector<int16_t> weights) {
  IntegerMatrix matrix;
  matrix.name = "fc1";
  matrix.rows = static_cast<int64_t>(weights.size());
  matrix.columns = 1;
  matrix.weights = std::move(weights);
  matrix.bias.assign(matrix.rows, 0);
  return matrix;
}

EieProgram Compile(const EieConfig& config, const IntegerMatrix& matrix) {
  const absl::StatusOr<SparseMatrix> sparse = Compress(matrix, config.code_bits);
  CHECK(sparse.ok()) << sparse.status();
  absl::StatusOr<EieProgram> program = CompileForEie(config, *sparse);
  CHECK(program.ok()) << program.status();
  return *std::move(program);
}

std::vector<int> Codes(const EieImage& image) {
  std::vector<int> codes;
  for (const EieEntry& entry : image.entries) codes.push_back(entry.code);
  return codes;
}

std::vector<int> Gaps(const EieImage& image) {
  std::vector<int> gaps;
  for (const EieEntry& entry : image.entries) gaps.push_back(entry.gap);
  return gaps;
}

// The paper's example: [0, 0, 1, 2, 18 zeros, 3] is v = [1, 2, 0, 3], z = [2, 0, 15, 2].
TEST(CompileForEie, PadsLongGaps) {
  std::vector<int16_t> weights(23);
  weights[2] = 1;
  weights[3] = 2;
  weights[22] = 3;
  EieConfig config;
  config.processing_elements = 1;
  const EieProgram program = Compile(config, Column(weights));
  const EieImage& image = program.blocks[0].tiles[0].images[0];
  EXPECT_EQ(Codes(image), (std::vector<int>{1, 2, 0, 3}));
  EXPECT_EQ(Gaps(image), (std::vector<int>{2, 0, 15, 2}));
  EXPECT_EQ(image.pointers, (std::vector<uint32_t>{0, 4}));
  EXPECT_EQ(program.entries, 4);
  EXPECT_EQ(program.padding_entries, 1);
}

TEST(CompileForEie, InterleavesRows) {
  IntegerMatrix matrix;
  matrix.name = "fc1";
  matrix.rows = 5;
  matrix.columns = 2;
  matrix.weights = {1, 0,   // element 0
                    0, 2,   // 1
                    0, 0,   // 0
                    1, 0,   // 1
                    2, 1};  // 0
  matrix.bias.assign(5, 0);
  EieConfig config;
  config.processing_elements = 2;
  const EieProgram program = Compile(config, matrix);
  const EieTile& tile = program.blocks[0].tiles[0];
  EXPECT_EQ(Codes(tile.images[0]), (std::vector<int>{1, 2, 1}));
  EXPECT_EQ(Gaps(tile.images[0]), (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(tile.images[0].pointers, (std::vector<uint32_t>{0, 2, 3}));
  EXPECT_EQ(Codes(tile.images[1]), (std::vector<int>{1, 2}));
  EXPECT_EQ(Gaps(tile.images[1]), (std::vector<int>{1, 0}));
  EXPECT_EQ(tile.images[1].pointers, (std::vector<uint32_t>{0, 1, 2}));
}

TEST(CompileForEie, CutsWhatTheMemoriesDoNotHold) {
  IntegerMatrix matrix;
  matrix.name = "fc1";
  matrix.rows = 10;
  matrix.columns = 7;
  matrix.weights.assign(70, 3);
  matrix.bias.assign(10, 0);
  EieConfig config;
  config.processing_elements = 2;
  config.activation_registers = 4;  // blocks of 8 rows
  config.matrix_sram_bytes = 16;    // 16 entries: 4 columns of 4 rows
  EieProgram program = Compile(config, matrix);
  ASSERT_EQ(program.blocks.size(), 2);
  EXPECT_EQ(program.blocks[0].rows, 8);
  EXPECT_EQ(program.blocks[1].first_row, 8);
  EXPECT_EQ(program.blocks[1].rows, 2);
  ASSERT_EQ(program.blocks[0].tiles.size(), 2);
  EXPECT_EQ(program.blocks[0].tiles[0].columns, 4);
  EXPECT_EQ(program.blocks[0].tiles[1].first_column, 4);
  EXPECT_EQ(program.blocks[0].tiles[1].columns, 3);
  EXPECT_EQ(program.blocks[1].tiles.size(), 1);
  EXPECT_EQ(program.tiles(), 3);
  EXPECT_FALSE(program.fits_alone);
  EXPECT_EQ(program.largest_image, 35);
  EXPECT_EQ(program.pointers, 5 + 4 + 8);
  // 70 entries of a byte, 2 x 17 pointers, two codebooks of 2 weights, 10 biases.
  EXPECT_EQ(program.load_bytes, 70 + 2 * 17 * 2 + 2 * 2 * 2 + 10 * 2);
  EXPECT_EQ(program.WriteBackCycles(program.blocks[0]), 1);

  config.matrix_sram_bytes = 64;
  program = Compile(config, matrix);
  EXPECT_EQ(program.tiles(), 2);
  EXPECT_TRUE(program.fits_alone);
}

TEST(CompileForEie, SaysWhatDoesNotFit) {
  IntegerMatrix matrix = Column({1, 2, 3, 4});
  EieConfig config;
  config.processing_elements = 1;
  config.matrix_sram_bytes = 7;
  config.matrix_sram_width = 32;
  config.index_bits = 12;
  EXPECT_EQ(CompileForEie(config, *Compress(matrix, 4)).status(),
            absl::InvalidArgumentError(
                "fc1: expected room for 1 columns of 4 rows on 1 processing elements, found 2 entries, 16384 pointers "
                "and 1024 activations in the memories of each"));
}

TEST(Compress, SaysWhatIsWrong) {
  std::vector<int16_t> weights;
  for (int16_t i = -20; i < 20; ++i) weights.push_back(i);
  EXPECT_EQ(Compress(Column(weights), 4).status().message(),
            "fc1: expected at most 15 distinct non-zero weights, which is what codes of 4 bits tell apart beside the "
            "zero, found 39; share the weights among fewer values or give the entries wider codes");
  EXPECT_TRUE(Compress(Column(weights), 6).ok());
  IntegerMatrix matrix = Column({1, 2});
  matrix.rows = 3;
  EXPECT_EQ(Compress(matrix, 4).status().message(), "fc1: expected 3 x 1 weights, found 2");
  matrix.rows = 2;
  matrix.bias = {1};
  EXPECT_EQ(Compress(matrix, 4).status().message(), "fc1: expected a bias for each of 2 rows, found 1");
  matrix.rows = 0;
  EXPECT_THAT(Compress(matrix, 4).status().message(), HasSubstr("found 0 x 1"));
}

TEST(EieConfig, IsValidated) {
  EXPECT_TRUE(Validate(EieConfig()).ok());
  EieConfig config;
  config.queue_depth = 0;
  config.code_bits = 17;
  config.clock_mhz = 0;
  EXPECT_EQ(Validate(config).message(),
            "EIE configuration: clock_mhz: expected a positive number up to 1e5, found 0; queue_depth: expected 1 to "
            "1048576, found 0; code_bits: expected 1 to 16, found 17");
  EXPECT_EQ(CompileForEie(config, *Compress(Column({1}), 4)).status().code(), absl::StatusCode::kInvalidArgument);
}

// The paper: 131K weights and 1K activations an element; pointers of 13 bits for a line and 3 for an entry of it.
TEST(EieConfig, HoldsWhatIsPublished) {
  EieConfig config;
  EXPECT_EQ(config.EntriesPerLine(), 8);
  EXPECT_EQ(config.MaximumEntries(), 65535);
  config.pointer_bits = 32;
  EXPECT_EQ(config.MaximumEntries(), 131072);
  EXPECT_EQ(config.MaximumActivations(), 1024);
}

TEST(ProductShift, KeepsTheGreatestOutputFromSaturating) {
  EieConfig config;
  config.guard_bits = 0;
  // Outputs as wide as accumulators: products are shifted to the outputs' unit.
  EXPECT_EQ(ProductShift(config, {{1}, {12}, -32767, 32767}), 12);
  config.guard_bits = 1;
  EXPECT_EQ(ProductShift(config, {{1}, {12}, 0, 32767}), 13);
  EXPECT_EQ(ProductShift(config, {{1}, {12}, 0, 255}), 6);
  EXPECT_EQ(ProductShift(config, {{1, 4}, {12, 12}, 0, 255}), 6);
  config.accumulator_bits = 48;
  EXPECT_EQ(ProductShift(config, {{1}, {12}, 0, 32767}), 0);
  config.product_shift = 3;
  EXPECT_EQ(ProductShift(config, {{1}, {12}, 0, 32767}), 3);
}

}  // namespace
}  // namespace espalier
