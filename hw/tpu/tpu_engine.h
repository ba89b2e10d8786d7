// Whole networks on the TPU: the emulator as a multiplier of matrices.
#ifndef ESPALIER_HW_TPU_TPU_ENGINE_H_
#define ESPALIER_HW_TPU_TPU_ENGINE_H_

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "hw/matrix_engine.h"
#include "hw/tpu/counters.h"

namespace espalier {

// A matrix of the network, and what it took so far.
struct TpuLayer {
  std::string name;
  const int16_t* weights = nullptr;  // of the matrix: one network's, which does not change
  int64_t rows = 0, columns = 0;     // of the matrix
  int64_t vectors = 0;               // multiplied
  // Calls whose inputs and outputs together exceed the unified buffer: they come from the host and go there, in blocks.
  int64_t calls = 0, spilled_calls = 0;
  tpu::Counters counters;
  // By number of vectors: the program of so many (of a block, where they spill) and what they take.
  std::map<int64_t, tpu::Program> programs;
  std::map<int64_t, tpu::Counters> timings;
};

// Serves one network. A layer's inputs are where the layer before left them, in the unified buffer, and its outputs
// stay there, as in a program for the whole network; where both do not fit, blocks of vectors travel from and to the
// host beside the computation. Convolutions come lowered, so that a layer of windows takes more of the buffer than the
// TPU's own Convolve, which walks over images, would (hw/tpu/network.h).
class TpuEngine : public MatrixEngine {
 public:
  // InvalidArgument if the configuration is.
  static absl::StatusOr<std::unique_ptr<TpuEngine>> Create(const tpu::Config& config);

  // Not needed before Multiply, but the way to learn of a network that the TPU cannot run. InvalidArgument: sums exceed
  // 32 bits, a row of inputs and outputs the unified buffer, or all tiles so far the weight memory.
  absl::Status Load(const IntegerMatrix& matrix);

  // Loads a matrix where it has not been; dies if that fails. A matrix comes with the same requantization each time.
  void Multiply(const IntegerMatrix& matrix, const Requantization& requantization, const int16_t* inputs, int64_t batch,
                int16_t* outputs) override;

  const tpu::Config& config() const { return config_; }
  // In the order in which they were loaded.
  const std::deque<TpuLayer>& layers() const { return layers_; }
  tpu::Counters Total() const;

 private:
  explicit TpuEngine(const tpu::Config& config) : config_(config) {}
  TpuLayer* Find(const IntegerMatrix& matrix);
  // How many vectors of inputs and outputs the unified buffer holds.
  int64_t Capacity(const IntegerMatrix& matrix, int output_planes) const;

  const tpu::Config config_;
  std::deque<TpuLayer> layers_;
  int64_t tiles_ = 0;
};

}  // namespace espalier

#endif  // ESPALIER_HW_TPU_TPU_ENGINE_H_
