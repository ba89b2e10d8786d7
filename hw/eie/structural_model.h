// EIE, cycle by cycle and module by module: the plain twin of the fast model.
#ifndef ESPALIER_HW_EIE_STRUCTURAL_MODEL_H_
#define ESPALIER_HW_EIE_STRUCTURAL_MODEL_H_

#include <cstdint>
#include <vector>

#include "hw/eie/counters.h"
#include "hw/eie/program.h"
#include "hw/requantize.h"

namespace espalier {

struct EieResult {
  std::vector<int16_t> outputs;  // of each row
  EieCounters counters;
};

// Runs a layer on one vector of `program.matrix.columns` activations. A clock cycle lets all modules compute their
// outputs from registers, then all of them update their registers.
EieResult RunEieModules(const EieProgram& program, const Requantization& requantization, const int16_t* activations);

}  // namespace espalier

#endif  // ESPALIER_HW_EIE_STRUCTURAL_MODEL_H_
