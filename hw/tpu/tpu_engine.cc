#include "hw/tpu/tpu_engine.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/status.h"
#include "glog/logging.h"
#include "hw/tpu/activation.h"
#include "hw/tpu/compiler.h"
#include "hw/tpu/machine.h"
#include "hw/tpu/timing.h"

namespace espalier {
namespace {

// The matrix as a network of one layer.
tpu::Network NetworkOf(const IntegerMatrix& matrix, const Requantization& requantization, int64_t batch) {
  tpu::Network network;
  network.batch = batch;
  network.columns = matrix.columns;
  network.type = tpu::TypeFor(matrix.input_minimum, matrix.input_maximum);
  network.resident = true;
  tpu::Layer layer;
  layer.name = matrix.name;
  layer.outputs = matrix.rows;
  layer.matrix = &matrix;
  layer.requantization = requantization;
  layer.type = tpu::TypeFor(requantization.minimum, requantization.maximum);
  network.layers.push_back(std::move(layer));
  return network;
}

tpu::Program CompileOrDie(const tpu::Config& config, const tpu::Network& network) {
  absl::StatusOr<tpu::Program> program = tpu::Compile(config, network);
  CHECK(program.ok()) << program.status();
  return *std::move(program);
}

// What `batch` vectors take that stream through the unified buffer in blocks of `block`. Only the time is of interest,
// so the program has no numbers.
tpu::Counters TimeStream(const tpu::Config& config, tpu::Network network, int64_t batch, int64_t block) {
  tpu::Layer& layer = network.layers[0];
  layer.wide_weights = std::any_of(layer.matrix->weights.begin(), layer.matrix->weights.end(),
                                   [](int16_t weight) { return weight < -128 || weight > 127; });
  layer.matrix = nullptr;
  network.resident = false;
  tpu::Counters counters;
  const auto run = [&](int64_t vectors, int64_t repetitions) {
    if (vectors == 0 || repetitions == 0) return;
    network.batch = vectors;
    network.repetitions = static_cast<int>(repetitions);
    counters += tpu::EstimateTiming(config, CompileOrDie(config, network));
  };
  run(block, batch / block);
  run(batch % block, 1);
  return counters;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TpuEngine>> TpuEngine::Create(const tpu::Config& config) {
  RETURN_IF_ERROR(config.Validate());
  return std::unique_ptr<TpuEngine>(new TpuEngine(config));
}

TpuLayer* TpuEngine::Find(const IntegerMatrix& matrix) {
  for (TpuLayer& layer : layers_) {
    if (layer.weights == matrix.weights.data()) return &layer;
  }
  return nullptr;
}

int64_t TpuEngine::Capacity(const IntegerMatrix& matrix, int output_planes) const {
  const auto blocks = [&](int64_t columns) { return (columns + config_.array_size - 1) / config_.array_size; };
  const int64_t planes = tpu::Planes(tpu::TypeFor(matrix.input_minimum, matrix.input_maximum));
  return config_.UnifiedBufferRows() / (blocks(matrix.columns) * planes + blocks(matrix.rows) * output_planes);
}

absl::Status TpuEngine::Load(const IntegerMatrix& matrix) {
  if (Find(matrix) != nullptr) return absl::OkStatus();
  // Outputs of 16 bits at worst; two blocks of each, so that transfers can go beside the computation.
  if (Capacity(matrix, 2) < 2) {
    return absl::InvalidArgumentError(absl::StrCat(matrix.name, ": expected inputs and outputs of two vectors to fit ",
                                                   config_.unified_buffer_bytes, " bytes, found ", matrix.columns,
                                                   " and ", matrix.rows, " of them"));
  }
  Requantization any;
  any.multiplier = {1};
  any.shift = {0};
  ASSIGN_OR_RETURN(const tpu::Program program, tpu::Compile(config_, NetworkOf(matrix, any, 1)));
  const int64_t room = config_.weight_memory_bytes / config_.TileBytes();
  const auto tiles = static_cast<int64_t>(program.tiles.size());
  if (tiles_ + tiles > room) {
    return absl::InvalidArgumentError(
        absl::StrCat(matrix.name, ": expected at most ", room, " tiles in weight memory, found ", tiles_ + tiles));
  }
  tiles_ += tiles;
  TpuLayer layer;
  layer.name = matrix.name;
  layer.weights = matrix.weights.data();
  layer.rows = matrix.rows;
  layer.columns = matrix.columns;
  layers_.push_back(std::move(layer));
  return absl::OkStatus();
}

void TpuEngine::Multiply(const IntegerMatrix& matrix, const Requantization& requantization, const int16_t* inputs,
                         int64_t batch, int16_t* outputs) {
  const absl::Status loaded = Load(matrix);
  CHECK(loaded.ok()) << loaded;
  if (batch == 0) return;
  TpuLayer& layer = *Find(matrix);
  CHECK_EQ(layer.name, matrix.name) << "an engine serves one network";
  const tpu::ActivationType output = tpu::TypeFor(requantization.minimum, requantization.maximum);
  const int64_t capacity = Capacity(matrix, static_cast<int>(tpu::Planes(output)));
  const bool spills = batch > capacity;
  const int64_t block = spills ? capacity / 2 : batch;
  for (int64_t first = 0; first < batch; first += block) {
    const int64_t vectors = std::min(block, batch - first);
    if (layer.programs.count(vectors) == 0) {
      layer.programs[vectors] = CompileOrDie(config_, NetworkOf(matrix, requantization, vectors));
    }
    const tpu::Program& program = layer.programs[vectors];
    tpu::Machine machine(config_, program);
    const int64_t size = config_.array_size;
    const tpu::ActivationBlock& in = program.inputs[0];
    const tpu::ActivationBlock& out = program.outputs[0];
    tpu::PackActivations(in, size, inputs + first * matrix.columns,
                         &machine.unified_buffer()[in.unified_buffer * size]);
    machine.Run();
    tpu::UnpackActivations(out, size, &machine.unified_buffer()[out.unified_buffer * size],
                           outputs + first * matrix.rows);
  }
  if (layer.timings.count(batch) == 0) {
    layer.timings[batch] = spills ? TimeStream(config_, NetworkOf(matrix, requantization, 1), batch, block)
                                  : tpu::EstimateTiming(config_, layer.programs[batch]);
  }
  layer.counters += layer.timings[batch];
  layer.vectors += batch;
  ++layer.calls;
  layer.spilled_calls += spills;
}

tpu::Counters TpuEngine::Total() const {
  tpu::Counters total;
  for (const TpuLayer& layer : layers_) total += layer.counters;
  return total;
}

}  // namespace espalier
