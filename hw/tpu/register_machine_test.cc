#include "hw/tpu/register_machine.h"

#include <gtest/gtest.h>

#include "hw/tpu/activation.h"
#include "hw/tpu/compiler.h"
#include "hw/tpu/machine.h"
#include "hw/tpu/network_testing.h"
#include "hw/tpu/timing.h"

namespace espalier::tpu {
namespace {

std::vector<int64_t> AllOf(const Counters& c) {
  return {c.cycles, c.array_active, c.weight_stall, c.weight_shift, c.raw_stall, c.input_stall, c.useful_macs};
}

// Both machines must leave the same host memory, the timing model must count what the registers do.
void ExpectTwins(const NetworkCase& test, const std::string& what) {
  const absl::StatusOr<Program> program = Compile(test.config, test.network);
  ASSERT_TRUE(program.ok()) << what << " " << program.status();
  Machine machine(test.config, *program);
  RegisterMachine registers(test.config, *program);
  const int size = test.config.array_size;
  for (size_t r = 0; r < program->inputs.size(); ++r) {
    const ActivationBlock& block = program->inputs[r];
    PackActivations(block, size, test.inputs[r].data(), &machine.host()[block.host * size]);
    PackActivations(block, size, test.inputs[r].data(), &registers.host()[block.host * size]);
  }
  machine.Run();
  const Counters counted = registers.Run();
  EXPECT_EQ(machine.host(), registers.host()) << what;
  EXPECT_EQ(AllOf(EstimateTiming(test.config, *program)), AllOf(counted)) << what << "\n" << Disassemble(*program);
}

TEST(RegisterMachine, EqualsTheFastModelsOnRandomNetworksAndConfigurations) {
  for (uint64_t seed = 0; seed < 150; ++seed) {
    NetworkCase test;
    MakeRandomCase(seed, 12, &test);
    ExpectTwins(test, std::to_string(seed));
  }
}

// The array that is simulated most often, with the published proportions: a tile takes 1350/256 times as long to fetch
// as to shift in.
TEST(RegisterMachine, EqualsTheFastModelsOnAnArrayOfEightByEight) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Random random(seed, "eight", 0, 0);
    NetworkCase test;
    test.config.array_size = 8;
    test.config.weight_bytes_per_s = 34e9 / 32;
    test.config.host_bytes_per_s = 12.5e9 / 32;
    test.config.activation_width = 8;
    test.config.accumulator_rows = 128;
    test.network.batch = 1 + random.Below(64);
    test.network.columns = 1 + random.Below(40);
    const int64_t hidden = 1 + random.Below(40);
    AddDenseLayer(hidden, test.network.columns, false, &random, &test);
    AddDenseLayer(1 + random.Below(40), hidden, false, &random, &test);
    SetInputRanges(&test);
    test.inputs.emplace_back(test.network.batch * test.network.columns);
    for (int16_t& value : test.inputs[0]) value = static_cast<int16_t>(random.Below(256)) - 128;
    ExpectTwins(test, std::to_string(seed));
  }
}

}  // namespace
}  // namespace espalier::tpu
