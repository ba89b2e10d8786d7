// The TPU as a target: 8-bit integers, dense matrices.
#ifndef ESPALIER_HW_TPU_TPU_TARGET_H_
#define ESPALIER_HW_TPU_TPU_TARGET_H_

#include <memory>

#include "hw/target.h"

namespace espalier {

// The published chip.
std::unique_ptr<Target> MakeTpuTarget();

}  // namespace espalier

#endif  // ESPALIER_HW_TPU_TPU_TARGET_H_
