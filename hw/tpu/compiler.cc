#include "hw/tpu/compiler.h"

#include "absl/strings/str_cat.h"
#include "core/status.h"
#include "hw/tpu/allocator.h"
#include "hw/tpu/layer_plan.h"

namespace espalier::tpu {
namespace {

int64_t CeilDivide(int64_t value, int64_t by) { return (value + by - 1) / by; }

// A layer's outputs, or the network's input, in the unified buffer.
struct Value {
  ActivationBlock block;
  int uses = 0;  // readers that are not compiled yet
};

class Compiler {
 public:
  Compiler(const Config& config, const Network& network, std::vector<LayerShape> shapes)
      : config_(config), network_(network), shapes_(std::move(shapes)), allocator_(config.UnifiedBufferRows()) {}

  absl::StatusOr<Program> Run();

 private:
  int64_t BlockCount(const ActivationBlock& block) const { return CeilDivide(block.columns, config_.array_size); }
  void CountUses(int repetition);
  Value& ValueOf(const Source& source, int repetition);
  absl::StatusOr<int64_t> AllocateRows(int64_t rows, const std::string& name);
  absl::Status Allocate(const LayerShape& shape, const std::string& name, Value* value);
  absl::Status AllocateStart();
  void Release(Value* value);
  absl::Status ReadInput(int repetition);
  void WriteOutput(int repetition);
  void EmitHostTransfer(Opcode opcode, const ActivationBlock& block);
  absl::Status EmitLayer(int index, int repetition);
  void EmitMatrix(int index, int repetition);
  void EmitSums(int index, int repetition, const Chunk& chunk, int64_t output_block, bool fetch);
  void EmitElementWise(int index, int repetition);
  void Emit(const Instruction& instruction) { program_.instructions.push_back(instruction); }

  const Config& config_;
  const Network& network_;
  const std::vector<LayerShape> shapes_;
  std::vector<LayerPlan> plans_;
  std::vector<std::vector<Value>> values_;      // [repetition][layer]
  std::vector<Value> inputs_;                   // [repetition]
  std::vector<Value> zeros_;                    // [layer]: what the first repetition reads of the one before
  ActivationBlock extra_input_, extra_output_;  // where the extra bytes of host transfers lie
  RowAllocator allocator_;
  Program program_;
  int bank_ = 0;  // the half of the accumulators that the next chunk takes
};

absl::StatusOr<Program> Compiler::Run() {
  ASSIGN_OR_RETURN(plans_, PlanLayers(config_, network_, shapes_, &program_));
  values_.assign(network_.repetitions, std::vector<Value>(shapes_.size()));
  inputs_.resize(network_.repetitions);
  zeros_.resize(shapes_.size());
  for (int r = 0; r < network_.repetitions; ++r) CountUses(r);
  RETURN_IF_ERROR(AllocateStart());
  RETURN_IF_ERROR(ReadInput(0));
  for (int r = 0; r < network_.repetitions; ++r) {
    const bool more = r + 1 < network_.repetitions;
    if (more && !network_.waits_for_host) RETURN_IF_ERROR(ReadInput(r + 1));
    for (size_t l = 0; l < shapes_.size(); ++l) RETURN_IF_ERROR(EmitLayer(static_cast<int>(l), r));
    WriteOutput(r);
    if (more && network_.waits_for_host) {
      Emit({Opcode::kSynchronize});
      RETURN_IF_ERROR(ReadInput(r + 1));
    }
  }
  Emit({Opcode::kHalt});
  program_.unified_buffer_rows = allocator_.high_water();
  RETURN_IF_ERROR(ValidateProgram(config_, program_));
  return std::move(program_);
}

void Compiler::CountUses(int repetition) {
  for (size_t l = 0; l < shapes_.size(); ++l) {
    for (const Source& source : SourcesOf(network_, static_cast<int>(l))) ++ValueOf(source, repetition).uses;
  }
  ++values_[repetition].back().uses;  // WriteOutput
}

Value& Compiler::ValueOf(const Source& source, int repetition) {
  if (source.layer < 0) return inputs_[repetition];
  if (!source.previous_repetition) return values_[repetition][source.layer];
  return repetition == 0 ? zeros_[source.layer] : values_[repetition - 1][source.layer];
}

absl::StatusOr<int64_t> Compiler::AllocateRows(int64_t rows, const std::string& name) {
  absl::StatusOr<int64_t> begin = allocator_.Allocate(rows);
  if (begin.ok()) return begin;
  return absl::InvalidArgumentError(absl::StrCat("unified buffer, for ", name, " of a batch of ", network_.batch, ": ",
                                                 begin.status().message(), "; a smaller batch takes less"));
}

absl::Status Compiler::Allocate(const LayerShape& shape, const std::string& name, Value* value) {
  value->block.vectors = network_.batch * shape.height * shape.width;
  value->block.columns = shape.columns;
  value->block.type = shape.type;
  ASSIGN_OR_RETURN(value->block.unified_buffer,
                   AllocateRows(value->block.BlockRows() * BlockCount(value->block), name));
  return absl::OkStatus();
}

// What is there from the start: zeros for recurrences (memory is zero at first), and room for the extra bytes.
absl::Status Compiler::AllocateStart() {
  for (size_t l = 0; l < shapes_.size(); ++l) {
    if (zeros_[l].uses > 0) RETURN_IF_ERROR(Allocate(shapes_[l], network_.layers[l].name, &zeros_[l]));
  }
  const auto extra = [&](const std::string& name, int64_t bytes, ActivationBlock* block) -> absl::Status {
    block->vectors = CeilDivide(bytes, config_.array_size);
    block->columns = config_.array_size;
    if (bytes == 0) return absl::OkStatus();
    ASSIGN_OR_RETURN(block->unified_buffer, AllocateRows(block->vectors, name));
    block->host = program_.host_rows;
    program_.host_rows += block->vectors;
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(extra("the host's extra input", network_.extra_input_bytes, &extra_input_));
  return extra("the host's extra output", network_.extra_output_bytes, &extra_output_);
}

void Compiler::Release(Value* value) {
  if (--value->uses > 0) return;
  allocator_.Free(value->block.unified_buffer, value->block.BlockRows() * BlockCount(value->block));
}

void Compiler::EmitHostTransfer(Opcode opcode, const ActivationBlock& block) {
  if (block.vectors == 0) return;
  Instruction transfer{opcode};
  transfer.unified_buffer = static_cast<uint32_t>(block.unified_buffer);
  transfer.memory = static_cast<uint32_t>(block.host);
  transfer.length = static_cast<uint32_t>(block.BlockRows() * BlockCount(block));
  Emit(transfer);
}

// The extra bytes travel before the input itself, which is what the layers wait for.
absl::Status Compiler::ReadInput(int repetition) {
  Value& input = inputs_[repetition];
  RETURN_IF_ERROR(Allocate(InputShape(network_), "the input", &input));
  if (!network_.resident) {
    input.block.host = program_.host_rows;
    program_.host_rows += input.block.BlockRows() * BlockCount(input.block);
    EmitHostTransfer(Opcode::kReadHostMemory, extra_input_);
    EmitHostTransfer(Opcode::kReadHostMemory, input.block);
  }
  program_.inputs.push_back(input.block);
  return absl::OkStatus();
}

// The extra bytes follow the output, which has to be there first.
void Compiler::WriteOutput(int repetition) {
  Value& output = values_[repetition].back();
  if (!network_.resident) {
    output.block.host = program_.host_rows;
    program_.host_rows += output.block.BlockRows() * BlockCount(output.block);
    EmitHostTransfer(Opcode::kWriteHostMemory, output.block);
    EmitHostTransfer(Opcode::kWriteHostMemory, extra_output_);
    program_.outputs.push_back(output.block);
    Release(&output);
    return;
  }
  program_.outputs.push_back(output.block);  // stays
}

absl::Status Compiler::EmitLayer(int index, int repetition) {
  Value& output = values_[repetition][index];
  RETURN_IF_ERROR(Allocate(shapes_[index], network_.layers[index].name, &output));
  if (network_.layers[index].kind == Layer::Kind::kMatrix) {
    EmitMatrix(index, repetition);
  } else {
    EmitElementWise(index, repetition);
  }
  for (const Source& source : SourcesOf(network_, index)) Release(&ValueOf(source, repetition));
  if (output.uses == 0) Release(&output);
  return absl::OkStatus();
}

void Compiler::EmitMatrix(int index, int repetition) {
  const LayerPlan& plan = plans_[index];
  if (plan.inputs.size() == 1) {
    for (int64_t block = 0; block < plan.output_blocks; ++block) {
      for (const Chunk& chunk : plan.chunks) EmitSums(index, repetition, chunk, block, chunk.first == 0);
    }
    return;
  }
  for (const Chunk& chunk : plan.chunks) {
    for (int64_t block = 0; block < plan.output_blocks; ++block) EmitSums(index, repetition, chunk, block, true);
  }
}

// One chunk of one block of outputs. Without `fetch` the tile in the array is used again.
void Compiler::EmitSums(int index, int repetition, const Chunk& chunk, int64_t output_block, bool fetch) {
  const LayerPlan& plan = plans_[index];
  const std::vector<Source> sources = SourcesOf(network_, index);
  const auto accumulator = static_cast<uint16_t>(bank_ * (config_.accumulator_rows / 2));
  bank_ = 1 - bank_;
  if (chunk.convolution >= 0) {
    Instruction set{Opcode::kSetConvolution};
    set.setting = static_cast<uint16_t>(chunk.convolution);
    Emit(set);
  }
  for (size_t k = 0; k < plan.inputs.size(); ++k) {
    const InputBlock& block = plan.inputs[k];
    if (fetch) {
      Instruction read{Opcode::kReadWeights};
      read.memory = static_cast<uint32_t>(plan.first_tile + output_block * plan.inputs.size() + k);
      Emit(read);
    }
    const ActivationBlock& input = ValueOf(sources[block.source], repetition).block;
    Instruction multiply{Opcode::kMatrixMultiply};
    multiply.type = input.type;
    multiply.plane = block.plane;
    multiply.accumulator = accumulator;
    multiply.accumulate = k > 0;
    multiply.switch_tile = fetch;
    int64_t row = input.unified_buffer + block.block * input.BlockRows();
    multiply.length = static_cast<uint32_t>(chunk.rows);
    if (chunk.convolution >= 0) {
      const int width = shapes_[index].conv_width;
      multiply.convolve = true;
      multiply.length = static_cast<uint32_t>(chunk.rows / width) << 16 | static_cast<uint32_t>(width);
      multiply.kernel_y = static_cast<uint8_t>(block.kernel_y);
      multiply.kernel_x = static_cast<uint8_t>(block.kernel_x);
    } else {
      row += chunk.first * Planes(input.type);
    }
    multiply.unified_buffer = static_cast<uint32_t>(row);
    Emit(multiply);
  }
  const size_t setting = plan.first_activation + output_block;
  const ActivationBlock& output = values_[repetition][index].block;
  Instruction activate{Opcode::kActivate};
  activate.setting = static_cast<uint16_t>(setting);
  activate.accumulator = accumulator;
  activate.length = static_cast<uint32_t>(chunk.rows);
  const int64_t first = program_.activations[setting].OutputRows(chunk.first);
  activate.unified_buffer =
      static_cast<uint32_t>(output.unified_buffer + output_block * output.BlockRows() + first * Planes(output.type));
  Emit(activate);
}

void Compiler::EmitElementWise(int index, int repetition) {
  const std::vector<Source> sources = SourcesOf(network_, index);
  const ActivationBlock& a = ValueOf(sources[0], repetition).block;
  const ActivationBlock& b = ValueOf(sources[1], repetition).block;
  const ActivationBlock& output = values_[repetition][index].block;
  for (int64_t block = 0; block < plans_[index].output_blocks; ++block) {
    Instruction instruction{Opcode::kElementWise};
    instruction.setting = static_cast<uint16_t>(plans_[index].first_activation + block);
    instruction.operand_a = static_cast<uint32_t>(a.unified_buffer + block * a.BlockRows());
    instruction.operand_b = static_cast<uint32_t>(b.unified_buffer + block * b.BlockRows());
    instruction.unified_buffer = static_cast<uint32_t>(output.unified_buffer + block * output.BlockRows());
    Emit(instruction);
  }
}

}  // namespace

absl::StatusOr<Program> Compile(const Config& config, const Network& network) {
  RETURN_IF_ERROR(config.Validate());
  ASSIGN_OR_RETURN(std::vector<LayerShape> shapes, InferShapes(network));
  return Compiler(config, network, std::move(shapes)).Run();
}

}  // namespace espalier::tpu
