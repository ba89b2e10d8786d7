#include "hw/tpu/isa.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "glog/logging.h"

namespace espalier::tpu {
namespace {

// The flags of MatrixMultiply, from the lowest bit.
constexpr int kAccumulateBit = 0, kSwitchBit = 1, kConvolveBit = 2, kTypeBit = 3, kPlaneBit = 5, kKernelYBit = 7,
              kKernelXBit = 11;
constexpr int kFlagBits = 15;

void Put(uint64_t value, int bytes, uint8_t* at) {
  CHECK(bytes == 8 || value >> (8 * bytes) == 0) << value << " does not fit a field of " << bytes << " bytes";
  for (int i = 0; i < bytes; ++i) at[i] = static_cast<uint8_t>(value >> (8 * i));
}

uint32_t Get(const uint8_t* at, int bytes) {
  uint32_t value = 0;
  for (int i = 0; i < bytes; ++i) value |= uint32_t{at[i]} << (8 * i);
  return value;
}

uint32_t Flags(const Instruction& instruction) {
  CHECK(instruction.kernel_y < 16 && instruction.kernel_x < 16);
  return uint32_t{instruction.accumulate} << kAccumulateBit | uint32_t{instruction.switch_tile} << kSwitchBit |
         uint32_t{instruction.convolve} << kConvolveBit | static_cast<uint32_t>(instruction.type) << kTypeBit |
         static_cast<uint32_t>(instruction.plane) << kPlaneBit | uint32_t{instruction.kernel_y} << kKernelYBit |
         uint32_t{instruction.kernel_x} << kKernelXBit;
}

absl::Status SetFlags(uint32_t flags, Instruction* instruction) {
  const uint32_t type = flags >> kTypeBit & 3, plane = flags >> kPlaneBit & 3;
  if (type == 3 || plane == 3 || flags >> kFlagBits != 0) {
    return absl::InvalidArgumentError(
        absl::StrFormat("matmul: expected a type and a plane below 3 and a clear top bit, found flags 0x%04x", flags));
  }
  instruction->accumulate = flags >> kAccumulateBit & 1;
  instruction->switch_tile = flags >> kSwitchBit & 1;
  instruction->convolve = flags >> kConvolveBit & 1;
  instruction->type = static_cast<ActivationType>(type);
  instruction->plane = static_cast<WeightPlane>(plane);
  instruction->kernel_y = flags >> kKernelYBit & 15;
  instruction->kernel_x = flags >> kKernelXBit & 15;
  return absl::OkStatus();
}

std::string DisassembleMultiply(const Instruction& i) {
  static constexpr const char* kTypes[] = {"s8", "u8", "s16"};
  static constexpr const char* kPlanes[] = {"", " low", " high"};
  std::string text = absl::StrFormat("ub 0x%06x acc 0x%04x ", i.unified_buffer, i.accumulator);
  if (i.convolve) {
    absl::StrAppendFormat(&text, "lines %d x %d kernel %d,%d ", i.length >> 16, i.length & 0xFFFF, i.kernel_y,
                          i.kernel_x);
  } else {
    absl::StrAppendFormat(&text, "rows %d ", i.length);
  }
  return absl::StrCat(text, kTypes[static_cast<int>(i.type)], kPlanes[static_cast<int>(i.plane)],
                      i.switch_tile ? " switch" : "", i.accumulate ? " add" : "");
}

}  // namespace

bool operator==(const Instruction& a, const Instruction& b) {
  return a.opcode == b.opcode && a.unified_buffer == b.unified_buffer && a.accumulator == b.accumulator &&
         a.length == b.length && a.memory == b.memory && a.setting == b.setting && a.operand_a == b.operand_a &&
         a.operand_b == b.operand_b && Flags(a) == Flags(b);
}

EncodedInstruction Encode(const Instruction& instruction) {
  EncodedInstruction bytes = {static_cast<uint8_t>(instruction.opcode)};
  switch (instruction.opcode) {
    case Opcode::kMatrixMultiply:
      Put(Flags(instruction), 2, &bytes[1]);
      Put(instruction.unified_buffer, 3, &bytes[3]);
      Put(instruction.accumulator, 2, &bytes[6]);
      Put(instruction.length, 4, &bytes[8]);
      break;
    case Opcode::kActivate:
      Put(instruction.setting, 2, &bytes[1]);
      Put(instruction.unified_buffer, 3, &bytes[3]);
      Put(instruction.accumulator, 2, &bytes[6]);
      Put(instruction.length, 4, &bytes[8]);
      break;
    case Opcode::kElementWise:
      Put(instruction.setting, 2, &bytes[1]);
      Put(instruction.unified_buffer, 3, &bytes[3]);
      Put(instruction.operand_a, 3, &bytes[6]);
      Put(instruction.operand_b, 3, &bytes[9]);
      break;
    case Opcode::kReadHostMemory:
    case Opcode::kWriteHostMemory:
      Put(instruction.unified_buffer, 3, &bytes[3]);
      Put(instruction.memory, 4, &bytes[6]);
      Put(instruction.length & 0xFFFF, 2, &bytes[10]);
      Put(instruction.length >> 16, 2, &bytes[1]);
      break;
    case Opcode::kReadWeights:
      Put(instruction.memory, 4, &bytes[6]);
      break;
    case Opcode::kSetConvolution:
      Put(instruction.setting, 2, &bytes[1]);
      break;
    case Opcode::kSynchronize:
    case Opcode::kHalt:
      break;
  }
  return bytes;
}

absl::StatusOr<Instruction> Decode(const EncodedInstruction& bytes) {
  if (bytes[0] < static_cast<int>(Opcode::kReadHostMemory) || bytes[0] > static_cast<int>(Opcode::kHalt)) {
    return absl::InvalidArgumentError(absl::StrFormat("expected an opcode from 1 to 9, found %d", bytes[0]));
  }
  Instruction instruction;
  instruction.opcode = static_cast<Opcode>(bytes[0]);
  switch (instruction.opcode) {
    case Opcode::kMatrixMultiply:
      if (absl::Status flags = SetFlags(Get(&bytes[1], 2), &instruction); !flags.ok()) return flags;
      instruction.unified_buffer = Get(&bytes[3], 3);
      instruction.accumulator = static_cast<uint16_t>(Get(&bytes[6], 2));
      instruction.length = Get(&bytes[8], 4);
      break;
    case Opcode::kActivate:
      instruction.setting = static_cast<uint16_t>(Get(&bytes[1], 2));
      instruction.unified_buffer = Get(&bytes[3], 3);
      instruction.accumulator = static_cast<uint16_t>(Get(&bytes[6], 2));
      instruction.length = Get(&bytes[8], 4);
      break;
    case Opcode::kElementWise:
      instruction.setting = static_cast<uint16_t>(Get(&bytes[1], 2));
      instruction.unified_buffer = Get(&bytes[3], 3);
      instruction.operand_a = Get(&bytes[6], 3);
      instruction.operand_b = Get(&bytes[9], 3);
      break;
    case Opcode::kReadHostMemory:
    case Opcode::kWriteHostMemory:
      instruction.unified_buffer = Get(&bytes[3], 3);
      instruction.memory = Get(&bytes[6], 4);
      instruction.length = Get(&bytes[10], 2) | Get(&bytes[1], 2) << 16;
      break;
    case Opcode::kReadWeights:
      instruction.memory = Get(&bytes[6], 4);
      break;
    case Opcode::kSetConvolution:
      instruction.setting = static_cast<uint16_t>(Get(&bytes[1], 2));
      break;
    case Opcode::kSynchronize:
    case Opcode::kHalt:
      break;
  }
  return instruction;
}

const char* OpcodeName(Opcode opcode) {
  static constexpr const char* kNames[] = {"read_host",  "read_weights", "matmul", "activate", "element_wise",
                                           "write_host", "set_conv",     "sync",   "halt"};
  return kNames[static_cast<int>(opcode) - 1];
}

std::string Disassemble(const Instruction& instruction) {
  std::string operands;
  switch (instruction.opcode) {
    case Opcode::kMatrixMultiply:
      operands = DisassembleMultiply(instruction);
      break;
    case Opcode::kActivate:
      operands = absl::StrFormat("acc 0x%04x rows %d -> ub 0x%06x setting %d", instruction.accumulator,
                                 instruction.length, instruction.unified_buffer, instruction.setting);
      break;
    case Opcode::kElementWise:
      operands = absl::StrFormat("ub 0x%06x, ub 0x%06x -> ub 0x%06x setting %d", instruction.operand_a,
                                 instruction.operand_b, instruction.unified_buffer, instruction.setting);
      break;
    case Opcode::kReadHostMemory:
      operands = absl::StrFormat("host 0x%08x rows %d -> ub 0x%06x", instruction.memory, instruction.length,
                                 instruction.unified_buffer);
      break;
    case Opcode::kWriteHostMemory:
      operands = absl::StrFormat("ub 0x%06x rows %d -> host 0x%08x", instruction.unified_buffer, instruction.length,
                                 instruction.memory);
      break;
    case Opcode::kReadWeights:
      operands = absl::StrFormat("tile %d", instruction.memory);
      break;
    case Opcode::kSetConvolution:
      operands = absl::StrFormat("setting %d", instruction.setting);
      break;
    case Opcode::kSynchronize:
    case Opcode::kHalt:
      return OpcodeName(instruction.opcode);
  }
  return absl::StrFormat("%-12s %s", OpcodeName(instruction.opcode), operands);
}

}  // namespace espalier::tpu
