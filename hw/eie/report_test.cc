#include "hw/eie/report.h"

#include "glog/logging.h"
#include "gtest/gtest.h"

namespace espalier {
namespace {

std::unique_ptr<EieEngine> RunTwoLayers() {
  EieConfig config;
  config.processing_elements = 2;
  absl::StatusOr<std::unique_ptr<EieEngine>> engine = EieEngine::Create(config);
  CHECK(engine.ok()) << engine.status();
  IntegerMatrix first, second;
  first.name = "fc1";
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
      "layer,vectors,cycles,broadcast,queue_full,row_step,activation_load,drain,write_back,real_macs,padding_macs,"
      "empty_columns,idle,load_balance,efficiency,saturations,row_blocks,tiles,resident\n"
      "fc1,2,18,5,0,3,0,10,0,5,0,5,26,0.277778,0.138889,0,1,1,1\n"
      "fc2,2,15,3,0,1,0,11,0,3,0,3,24,0.2,0.1,0,1,1,1\n"
      "total,4,33,8,0,4,0,21,0,8,0,8,50,0.242424,0.121212,0,2,2,1\n");
  // Entries of a byte, pointers and weights of the codebook of two; two elements; biases of two.
  EXPECT_EQ(EieTrafficCsv(*engine),
            "layer,queue_pushes,pointer_reads,matrix_reads,activation_reads,activation_writes,dram_bytes,load_bytes,"
            "entries,padding_entries,largest_image\n"
            "fc1,10,20,3,0,0,39,39,3,0,2\n"
            "fc2,6,12,2,0,0,24,24,2,0,2\n"
            "total,16,32,5,0,0,63,63,5,0,4\n");
}

TEST(EieReport, AddsUpEnergies) {
  const std::string csv = EieEnergyCsv(*RunTwoLayers());
  EXPECT_EQ(csv.substr(0, csv.find('\n')),
            "layer,us,queues_nj,pointers_nj,matrix_nj,arithmetic_nj,activations_nj,non_zero_tree_nj,clock_nj,chip_nj,"
            "dram_nj,power_mw,gops,dense_gops");
  // 63 bytes of 160 pJ; 33 cycles of 1.25 ns; 8 MACs.
  EXPECT_NE(csv.find("\ntotal,0.04125,"), csv.npos) << csv;
  EXPECT_NE(csv.find(",10.08,"), csv.npos) << csv;
  EXPECT_NE(csv.find(",0.387879,0.775758\n"), csv.npos) << csv;
}

}  // namespace
}  // namespace espalier
