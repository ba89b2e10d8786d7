// Whole networks on EIE: the emulator as a multiplier of matrices.
#ifndef ESPALIER_HW_EIE_EIE_ENGINE_H_
#define ESPALIER_HW_EIE_EIE_ENGINE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "hw/eie/counters.h"
#include "hw/eie/fast_model.h"
#include "hw/eie/program.h"
#include "hw/matrix_engine.h"

namespace espalier {

// A matrix on the chip, and what its vectors took so far.
struct EieLayer {
  const int16_t* weights = nullptr;  // of the matrix: one network's, which does not change
  std::unique_ptr<const EieProgram> program;
  std::unique_ptr<const FastEie> model;
  int64_t vectors = 0;
  EieCounters counters;

  // What came from DRAM: a resident layer's image once, another's for every vector.
  int64_t dram_bytes() const { return program->load_bytes * (program->resident ? 1 : vectors); }
};

// Serves one network. Its arithmetic is EIE's (hw/eie/config.h): products are shifted before they are added and sums
// saturate, so outputs equal EieReferenceEngine's, and those of exact sums only with accumulators of 48 bits and a
// product shift of 0. Vectors are emulated one after the other, as on the chip, and on all cores.
class EieEngine : public MatrixEngine {
 public:
  // InvalidArgument if the configuration is.
  static absl::StatusOr<std::unique_ptr<EieEngine>> Create(const EieConfig& config);

  // Compiles a matrix. Not needed before Multiply, but the way to learn of a network that EIE cannot run: the errors
  // are those of Compress and CompileForEie.
  absl::Status Load(const IntegerMatrix& matrix);

  // Loads a matrix where it has not been; dies if that fails.
  void Multiply(const IntegerMatrix& matrix, const Requantization& requantization, const int16_t* inputs, int64_t batch,
                int16_t* outputs) override;

  const EieConfig& config() const { return config_; }
  // In the order in which they were loaded.
  const std::vector<EieLayer>& layers() const { return layers_; }
  EieCounters Total() const;

 private:
  explicit EieEngine(const EieConfig& config) : config_(config) {}
  EieLayer* Find(const IntegerMatrix& matrix);

  const EieConfig config_;
  std::vector<EieLayer> layers_;
};

}  // namespace espalier

#endif  // ESPALIER_HW_EIE_EIE_ENGINE_H_
