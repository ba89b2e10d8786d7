#include "hw/eie/eie_target.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "hw/integer_builder.h"
#include "hw/testing.h"

namespace espalier {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Two dense layers of 9,025 inputs each: one has room for its pointers, both have not.
constexpr char kTwoLargeLayers[] = R"(
  input { name: 'image' dims: [1, 95, 95] }
  layer { name: 'c' conv { channels: 1 kernel: 1 } }
  layer { name: 'a' dense { channels: 2 } input: 'c' } layer { name: 'b' dense { channels: 2 } input: 'c' }
  layer { add {} input: ['a', 'b'] })";
constexpr char kSmall[] = "input { name: 'x' dims: 20 } layer { name: 'fc' dense { channels: 4 } }";

// Weights of at most 15 values.
RandomNetwork SharedNetwork(const char* model, int64_t batch) {
  RandomNetwork random = MakeRandomNetwork(model, batch);
  for (PackedTensor& tensor : random.tensors) {
    if (tensor.shape.rank() < 2) continue;
    std::vector<float>& values = std::get<FloatValues>(tensor.values).values;
    float largest = 0;
    for (const float value : values) largest = std::max(largest, std::fabs(value));
    for (float& value : values) value = std::round(value / largest * 7) * largest / 7;
  }
  RunInFloat(&random);
  return random;
}

// A target that has run `samples` samples of the network.
std::unique_ptr<Target> RunOnTarget(const IntegerNetwork& network, const RandomNetwork& random, int64_t samples) {
  std::unique_ptr<Target> target = MakeEieTarget();
  EXPECT_TRUE(target->Load(network).ok());
  network.Run(random.images.data(), samples, &target->emulator());
  return target;
}

IntegerNetwork Build(const RandomNetwork& random) {
  return BuildIntegerNetwork(random.network, random.tensors, random.activations, IntegerFormat::Fixed16()).value();
}

// The cell of a report's line and column.
int64_t Cell(const Target& target, size_t report, size_t line, const std::string& column) {
  const std::vector<std::string> lines = absl::StrSplit(target.Reports()[report].csv, '\n');
  const std::vector<std::string> header = absl::StrSplit(lines[0], ','), cells = absl::StrSplit(lines[line], ',');
  int64_t value = -1;
  EXPECT_TRUE(absl::SimpleAtoi(cells[std::find(header.begin(), header.end(), column) - header.begin()], &value));
  return value;
}

TEST(EieTarget, LoadsLayersThatOnlyFitAloneForEachSample) {
  const RandomNetwork random = SharedNetwork(kTwoLargeLayers, 3);
  const IntegerNetwork network = Build(random);
  const auto one = RunOnTarget(network, random, 1), three = RunOnTarget(network, random, 3);
  EXPECT_THAT(one->Notes(),
              ElementsAre("the layers exceed the chip's memories together: each is loaded for every sample",
                          HasSubstr("takes no cycles here; the published figures leave it out")));
  constexpr size_t kTraffic = 1;
  for (const size_t line : {1, 2, 3}) {
    EXPECT_EQ(Cell(*three, kTraffic, line, "dram_bytes"), 3 * Cell(*three, kTraffic, line, "load_bytes"));
    EXPECT_EQ(Cell(*one, kTraffic, line, "dram_bytes"), Cell(*one, kTraffic, line, "load_bytes"));
  }
  EXPECT_EQ(Cell(*three, kTraffic, 4, "dram_bytes"), 3 * Cell(*one, kTraffic, 4, "dram_bytes"));
}

// So that a sample's energy does not depend on how many there were.
TEST(EieTarget, LeavesLoadingOnceOutOfTheFigures) {
  RandomNetwork random = SharedNetwork(kSmall, 2);
  std::copy_n(random.images.begin(), 20, random.images.begin() + 20);
  const IntegerNetwork network = Build(random);
  const auto one = RunOnTarget(network, random, 1), two = RunOnTarget(network, random, 2);
  EXPECT_THAT(one->Notes(), Contains(HasSubstr("loading the network once takes ")));
  EXPECT_DOUBLE_EQ(2 * one->Figures().back().energy_joules, two->Figures().back().energy_joules);
}

}  // namespace
}  // namespace espalier
