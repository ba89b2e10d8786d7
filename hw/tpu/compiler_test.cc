#include "hw/tpu/compiler.h"

#include <gtest/gtest.h>

#include "hw/tpu/activation.h"
#include "hw/tpu/machine.h"
#include "hw/tpu/network_testing.h"

namespace espalier::tpu {
namespace {

// What the program makes of the case's inputs.
std::vector<std::vector<int16_t>> RunOnMachine(const NetworkCase& test, const Program& program) {
  Machine machine(test.config, program);
  const int size = test.config.array_size;
  for (size_t r = 0; r < program.inputs.size(); ++r) {
    PackActivations(program.inputs[r], size, test.inputs[r].data(), &machine.host()[program.inputs[r].host * size]);
  }
  machine.Run();
  std::vector<std::vector<int16_t>> outputs;
  for (const ActivationBlock& block : program.outputs) {
    outputs.emplace_back(block.vectors * block.columns);
    UnpackActivations(block, size, &machine.host()[block.host * size], outputs.back().data());
  }
  return outputs;
}

TEST(Compiler, ProgramsComputeWhatTheNetworkDoes) {
  for (uint64_t seed = 0; seed < 400; ++seed) {
    NetworkCase test;
    MakeRandomCase(seed, 40, &test);
    const absl::StatusOr<Program> program = Compile(test.config, test.network);
    ASSERT_TRUE(program.ok()) << seed << " " << program.status();
    EXPECT_EQ(RunOnMachine(test, *program), test.outputs) << seed << "\n" << Disassemble(*program);
  }
}

TEST(Compiler, ProgramsOfTheWholeArrayComputeWhatTheNetworkDoes) {
  Random random(1, "whole", 0, 0);
  NetworkCase test;
  test.network.batch = 50;
  test.network.columns = 600;
  AddDenseLayer(600, 600, false, &random, &test);
  AddDenseLayer(300, 600, true, &random, &test);
  SetInputRanges(&test);
  test.inputs.emplace_back(test.network.batch * 600);
  for (int16_t& value : test.inputs[0]) value = static_cast<int16_t>(random.Below(256)) - 128;
  test.outputs = ReferenceOutputs(test.network, test.inputs);
  const absl::StatusOr<Program> program = Compile(test.config, test.network);
  ASSERT_TRUE(program.ok()) << program.status();
  EXPECT_EQ(program->tiles.size(), 9 + 2 * 6);
  EXPECT_EQ(RunOnMachine(test, *program), test.outputs);
}

TEST(Compiler, EmitsTheProgramOfASmallNetwork) {
  NetworkCase test;
  test.config.array_size = 4;
  test.network.batch = 3;
  test.network.columns = 5;
  Layer layer;
  layer.outputs = 2;
  test.network.layers = {layer};
  const absl::StatusOr<Program> program = Compile(test.config, test.network);
  ASSERT_TRUE(program.ok()) << program.status();
  EXPECT_EQ(Disassemble(*program),
            "     0  read_host    host 0x00000000 rows 6 -> ub 0x000000\n"
            "     1  read_weights tile 0\n"
            "     2  matmul       ub 0x000000 acc 0x0000 rows 3 s8 switch\n"
            "     3  read_weights tile 1\n"
            "     4  matmul       ub 0x000003 acc 0x0000 rows 3 s8 switch add\n"
            "     5  activate     acc 0x0000 rows 3 -> ub 0x000006 setting 0\n"
            "     6  write_host   ub 0x000006 rows 3 -> host 0x00000006\n"
            "     7  halt\n");
}

TEST(Compiler, SaysWhatDoesNotFit) {
  NetworkCase test;
  test.network.batch = 100000;
  test.network.columns = 256;
  Layer layer;
  layer.name = "fc1";
  layer.outputs = 256;
  test.network.layers = {layer};
  EXPECT_EQ(Compile(test.config, test.network).status().message(),
            "unified buffer, for the input of a batch of 100000: expected 100000 rows in a piece, found 98304 free of "
            "98304; a smaller batch takes less");
  test.network.batch = 1;
  test.network.extra_input_bytes = int64_t{1} << 30;
  EXPECT_EQ(Compile(test.config, test.network).status(),
            absl::InvalidArgumentError("unified buffer, for the host's extra input of a batch of 1: expected 4194304 "
                                       "rows in a piece, found 98304 free of 98304; a smaller batch takes less"));
  test.network.extra_input_bytes = 0;
  test.config.weight_memory_bytes = 1 << 16;  // one tile
  test.network.layers[0].outputs = 257;
  EXPECT_EQ(Compile(test.config, test.network).status(),
            absl::InvalidArgumentError("weight memory: expected at most 1 tiles, found 2"));
  test.config.array_size = 0;
  EXPECT_EQ(Compile(test.config, test.network).status().message(), "TPU array_size: expected 1 to 4096, found 0");
}

TEST(Compiler, SaysWhichLayerIsWrong) {
  NetworkCase test;
  test.network.columns = 4;
  Layer layer;
  layer.name = "fc1";
  layer.outputs = 4;
  layer.kernel_height = 2;
  test.network.layers = {layer};
  EXPECT_EQ(Compile(test.config, test.network).status().message(),
            "layer fc1: expected a window within the image, found -1");
  test.network.layers[0].kernel_height = 1;
  test.network.layers[0].sources = {{0, false}};
  EXPECT_EQ(Compile(test.config, test.network).status().message(),
            "layer fc1: expected a source from -1 to -1, found 0");
  IntegerMatrix matrix;
  matrix.rows = 4;
  matrix.columns = 5;
  test.network.layers[0].sources = {};
  test.network.layers[0].matrix = &matrix;
  EXPECT_EQ(Compile(test.config, test.network).status().message(), "layer fc1: expected 4 columns, found 5");
}

}  // namespace
}  // namespace espalier::tpu
