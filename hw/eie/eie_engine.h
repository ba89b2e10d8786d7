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
  int64_t vectors_per_sample = 1;
  std::unique_ptr<const EieProgram> program;
  std::unique_ptr<const FastEie> model;
  int64_t vectors = 0;
  EieCounters counters;
};

// When a layer comes from DRAM.
enum class EieLoading {
  kOnce,           // the memories hold the whole network, for good
  kForEachSample,  // they hold this layer, but not all together: each takes the place of others
  kForEachVector,  // they do not hold this layer: its tiles take each other's place
};

// Serves one network. Its arithmetic is EIE's (hw/eie/config.h): products are shifted before they are added and sums
// saturate, so outputs equal EieReferenceEngine's, and those of exact sums only with accumulators of 48 bits and a
// product shift of 0. Vectors are emulated one after the other, as on the chip, and on all cores.
class EieEngine : public MatrixEngine {
 public:
  // InvalidArgument if the configuration is.
  static absl::StatusOr<std::unique_ptr<EieEngine>> Create(const EieConfig& config);

  // Compiles a matrix that each sample multiplies with so many vectors: the positions of a convolution's output. Not
  // needed before Multiply, but the way to learn of a network that EIE cannot run: the errors are those of Compress and
  // CompileForEie.
  absl::Status Load(const IntegerMatrix& matrix, int64_t vectors_per_sample = 1);

  // Loads a matrix where it has not been, for one vector a sample; dies if that fails.
  void Multiply(const IntegerMatrix& matrix, const Requantization& requantization, const int16_t* inputs, int64_t batch,
                int16_t* outputs) override;

  const EieConfig& config() const { return config_; }
  // In the order in which they were loaded.
  const std::vector<EieLayer>& layers() const { return layers_; }
  EieLoading Loading(const EieLayer& layer) const;
  // What the layer's vectors so far took from DRAM, which is nothing where it is loaded once: `load_bytes` of its
  // program say what that takes, however many vectors follow. Loading takes no cycles in this model.
  int64_t DramBytes(const EieLayer& layer) const;
  int64_t TotalDramBytes() const;
  EieCounters Total() const;

 private:
  explicit EieEngine(const EieConfig& config) : config_(config) {}
  EieLayer* Find(const IntegerMatrix& matrix);
  // Whether each element's memories hold its images of all layers at once.
  bool HoldsAllLayers() const;

  const EieConfig config_;
  std::vector<EieLayer> layers_;
  std::vector<int64_t> images_;  // entries of each element, of all layers
  int64_t pointers_ = 0;         // of an element, of all layers
};

}  // namespace espalier

#endif  // ESPALIER_HW_EIE_EIE_ENGINE_H_
