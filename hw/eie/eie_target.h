// EIE as a target: 16-bit fixed point, matrices of few distinct weights.
#ifndef ESPALIER_HW_EIE_EIE_TARGET_H_
#define ESPALIER_HW_EIE_EIE_TARGET_H_

#include <memory>

#include "hw/target.h"

namespace espalier {

// The published chip; codes are as wide as the network's codebooks need, at least the published 4 bits.
std::unique_ptr<Target> MakeEieTarget();

}  // namespace espalier

#endif  // ESPALIER_HW_EIE_EIE_TARGET_H_
