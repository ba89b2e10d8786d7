#include "hw/eie/report.h"

#include <numeric>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "glog/logging.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace espalier {
namespace {

using ::testing::HasSubstr;

std::unique_ptr<EieEngine> RunTwoLayers(const std::string& first_name = "fc1", int64_t pointers = 16384) {
  EieConfig config;
  config.pointer_sram_bytes = 2 * pointers;
  config.processing_elements = 2;
  absl::StatusOr<std::unique_ptr<EieEngine>> engine = EieEngine::Create(config);
  CHECK(engine.ok()) << engine.status();
  IntegerMatrix first, second;
  first.name = first_name;
  first.rows = second.columns = 2;
  first.columns = 3;
  first.weights = {1, 0, 2, 0, 3, 0};
  first.bias = {0, 0};
  second.name = "fc2";
  second.rows = 1;
  second.weights = {1, 1};
  second.bias = {4};
  const std::vector<int16_t> inputs = {5, 0, 7, 1, 1, 1};
  std::vector<int16_t> hidden(4), outputs(2);
  const Requantization exact{{1}, {0}, 0, 255};
  (*engine)->Multiply(first, exact, inputs.data(), 2, hidden.data());
  (*engine)->Multiply(second, exact, hidden.data(), 2, outputs.data());
  CHECK_EQ(outputs[0], 5 + 2 * 7 + 4);
  return *std::move(engine);
}

TEST(EieReport, SumsTheLayers) {
  const std::unique_ptr<EieEngine> engine = RunTwoLayers();
  // fc1, vector (5, 0, 7): column 0 is sent in cycle 0; the row of lanes 0 and 1 is left in 1; column 2 is sent in 2,
  // its entry read in 4 and added in 8.
  EXPECT_EQ(
      EieCyclesCsv(*engine),
      "layer,cycles,broadcast,queue_full,row_step,activation_load,drain,write_back,vectors,real_macs,padding_macs,"
      "empty_columns,idle,load_balance,efficiency,saturations,row_blocks,tiles,loaded_once\n"
      "fc1,18,5,0,3,0,10,0,2,5,0,5,26,0.277778,0.138889,0,1,1,1\n"
      "fc2,15,3,0,1,0,11,0,2,3,0,3,24,0.2,0.1,0,1,1,1\n"
      "total,33,8,0,4,0,21,0,4,8,0,8,50,0.242424,0.121212,0,2,2,1\n");
  // Loaded once, so not from DRAM for these vectors: entries of a byte, pointers and weights of the codebook of two;
  // two elements; biases of two.
  EXPECT_EQ(EieTrafficCsv(*engine),
            "layer,matrix_bytes,pointer_bytes,accumulator_bytes,activation_bytes,dram_bytes,total_bytes,matrix_reads,"
            "pointer_reads,activation_reads,activation_writes,queue_pushes,load_bytes,entries,padding_entries,"
            "largest_image\n"
            "fc1,24,40,20,0,0,84,3,20,0,0,10,39,3,0,2\n"
            "fc2,16,24,12,0,0,52,2,12,0,0,6,24,2,0,2\n"
            "total,40,64,32,0,0,136,5,32,0,0,16,63,5,0,4\n");
  // 2 elements of 800 MHz: two operations a cycle each, lines of 8 bytes. 10 operations in 18 cycles, of 24 bytes.
  EXPECT_EQ(EieRooflineCsv(*engine),
            "layer,operations_per_byte,operations_per_s,peak_operations_per_s,bytes_per_s\n"
            "fc1,0.416667,4.44444e+08,3.2e+09,1.28e+10\n"
            "fc2,0.375,3.2e+08,3.2e+09,1.28e+10\n");
}

// Names are the user's.
TEST(EieReport, AnyNameIsACell) {
  const std::unique_ptr<EieEngine> total = RunTwoLayers("total");
  EXPECT_THAT(EieRooflineCsv(*total), HasSubstr("\ntotal,0.416667,"));
  const std::unique_ptr<EieEngine> quoted = RunTwoLayers("the \"first\", 1");
  for (const std::string& csv :
       {EieCyclesCsv(*quoted), EieTrafficCsv(*quoted), EieEnergyCsv(*quoted), EieRooflineCsv(*quoted)}) {
    EXPECT_THAT(csv, HasSubstr("\n\"the \"\"first\"\", 1\","));
  }
}

// 4 + 3 pointers: the layers fit one at a time, and come from DRAM for each of the two vectors.
TEST(EieReport, AddsUpEnergies) {
  const std::unique_ptr<EieEngine> engine = RunTwoLayers("fc1", 6);
  EXPECT_THAT(EieTrafficCsv(*engine), HasSubstr("\nfc1,24,40,20,0,78,162,"));
  EXPECT_THAT(EieCyclesCsv(*engine), HasSubstr(",0,1,1,0\ntotal,"));
  const std::string csv = EieEnergyCsv(*engine);
  const std::vector<std::string> lines = absl::StrSplit(csv, '\n');
  ASSERT_EQ(lines.size(), 5);
  EXPECT_EQ(lines[0],
            "layer,energy_nj,matrix_nj,pointers_nj,queues_nj,arithmetic_nj,activations_nj,non_zero_tree_nj,clock_nj,"
            "dram_nj,us,power_mw,gops,dense_gops");
  std::vector<double> total;
  for (const absl::string_view cell : absl::StrSplit(lines[3].substr(lines[3].find(',') + 1), ',')) {
    ASSERT_TRUE(absl::SimpleAtod(cell, &total.emplace_back())) << lines[3];
  }
  ASSERT_EQ(total.size(), 13);
  EXPECT_NEAR(std::accumulate(total.begin() + 1, total.begin() + 9, 0.0), total[0], 1e-3);
  EXPECT_NEAR(total[8], 2 * 63 * 0.16, 1e-4);                      // nJ of 63 bytes
  EXPECT_NEAR(total[9], 33 / 800.0, 1e-9);                         // us
  EXPECT_NEAR(total[10], (total[0] - total[8]) / total[9], 1e-2);  // mW, of the chip alone
  EXPECT_NEAR(total[11], 2 * 8 / total[9] / 1e3, 1e-5);
  EXPECT_NEAR(total[12], 2 * (2 * 6 + 2 * 2) / total[9] / 1e3, 1e-5);
}

}  // namespace
}  // namespace espalier
