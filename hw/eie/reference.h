// EIE's results without the chip: the plain twin of the cycle models.
#ifndef ESPALIER_HW_EIE_REFERENCE_H_
#define ESPALIER_HW_EIE_REFERENCE_H_

#include <cstdint>
#include <vector>

#include "hw/eie/config.h"
#include "hw/matrix_engine.h"

namespace espalier {

// What EIE computes for one vector of `matrix.columns` activations, in EIE's arithmetic: each accumulator begins with
// its bias, takes its products in the order of the columns, and becomes an activation. The matrix need not be
// compressible. Adds to `saturations` the number of accumulations that saturated.
std::vector<int16_t> EieReference(const EieConfig& config, const IntegerMatrix& matrix,
                                  const Requantization& requantization, const int16_t* activations,
                                  int64_t* saturations);

// The same for whole networks, vectors side by side on all cores: the plain twin of EieEngine.
class EieReferenceEngine : public MatrixEngine {
 public:
  explicit EieReferenceEngine(const EieConfig& config) : config_(config) {}

  void Multiply(const IntegerMatrix& matrix, const Requantization& requantization, const int16_t* inputs, int64_t batch,
                int16_t* outputs) override;

 private:
  const EieConfig config_;
};

}  // namespace espalier

#endif  // ESPALIER_HW_EIE_REFERENCE_H_
