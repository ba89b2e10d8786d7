#include "hw/tpu/isa.h"

#include <gtest/gtest.h>

#include "core/random.h"

namespace espalier::tpu {
namespace {

TEST(Isa, MatrixMultiplyHasThePublishedFields) {
  Instruction multiply{Opcode::kMatrixMultiply};
  multiply.unified_buffer = 0x123456;
  multiply.accumulator = 0x789A;
  multiply.length = 0xBCDEF012;
  const EncodedInstruction bytes = Encode(multiply);
  EXPECT_EQ(bytes, (EncodedInstruction{3, 0, 0, 0x56, 0x34, 0x12, 0x9A, 0x78, 0x12, 0xF0, 0xDE, 0xBC}));
}

Instruction RandomInstruction(uint64_t index) {
  Random random(1, "instruction", 0, index);
  Instruction i;
  i.opcode = static_cast<Opcode>(1 + random.Below(9));
  const bool transfers = i.opcode == Opcode::kReadHostMemory || i.opcode == Opcode::kWriteHostMemory;
  const bool multiplies = i.opcode == Opcode::kMatrixMultiply, activates = i.opcode == Opcode::kActivate;
  const bool combines = i.opcode == Opcode::kElementWise;
  if (transfers || multiplies || activates || combines) i.unified_buffer = random.Below(1 << 24);
  if (multiplies || activates) i.accumulator = static_cast<uint16_t>(random.Below(1 << 16));
  if (transfers || multiplies || activates) i.length = random.NextBits();
  if (transfers || i.opcode == Opcode::kReadWeights) i.memory = random.NextBits();
  if (activates || combines || i.opcode == Opcode::kSetConvolution) {
    i.setting = static_cast<uint16_t>(random.Below(1 << 16));
  }
  if (combines) {
    i.operand_a = random.Below(1 << 24);
    i.operand_b = random.Below(1 << 24);
  }
  if (multiplies) {
    i.accumulate = random.Below(2) != 0;
    i.switch_tile = random.Below(2) != 0;
    i.convolve = random.Below(2) != 0;
    i.type = static_cast<ActivationType>(random.Below(3));
    i.plane = static_cast<WeightPlane>(random.Below(3));
    i.kernel_y = static_cast<uint8_t>(random.Below(16));
    i.kernel_x = static_cast<uint8_t>(random.Below(16));
  }
  return i;
}

TEST(Isa, DecodesWhatItEncodes) {
  for (uint64_t index = 0; index < 2000; ++index) {
    const Instruction instruction = RandomInstruction(index);
    const absl::StatusOr<Instruction> decoded = Decode(Encode(instruction));
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_TRUE(*decoded == instruction) << Disassemble(instruction) << "\n" << Disassemble(*decoded);
  }
}

TEST(Isa, RefusesWhatDoesNotExist) {
  EXPECT_EQ(Decode({0}).status().message(), "expected an opcode from 1 to 9, found 0");
  EXPECT_FALSE(Decode({10}).ok());
  EXPECT_EQ(Decode({3, 0x18}).status().message(),
            "matmul: expected a type and a plane below 3 and a clear top bit, found flags 0x0018");
  EXPECT_FALSE(Decode({3, 0x60}).ok());
  EXPECT_FALSE(Decode({3, 0, 0x80}).ok());
}

TEST(Isa, Disassembles) {
  Instruction multiply{Opcode::kMatrixMultiply};
  multiply.unified_buffer = 0x100;
  multiply.accumulator = 0x800;
  multiply.length = 200;
  multiply.switch_tile = true;
  EXPECT_EQ(Disassemble(multiply), "matmul       ub 0x000100 acc 0x0800 rows 200 s8 switch");
  multiply.convolve = true;
  multiply.length = 19 << 16 | 7;
  multiply.kernel_x = 2;
  multiply.type = ActivationType::kSigned16;
  multiply.plane = WeightPlane::kHigh;
  multiply.accumulate = true;
  EXPECT_EQ(Disassemble(multiply), "matmul       ub 0x000100 acc 0x0800 lines 19 x 7 kernel 0,2 s16 high switch add");
  EXPECT_EQ(Disassemble(Instruction{Opcode::kSynchronize}), "sync");
}

}  // namespace
}  // namespace espalier::tpu
