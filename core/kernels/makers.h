// The project's own kernels, as the plan sees them. A maker returns nothing where its kernel does not fit.
#ifndef ESPALIER_CORE_KERNELS_MAKERS_H_
#define ESPALIER_CORE_KERNELS_MAKERS_H_

#include <optional>

#include "core/kernel.h"

namespace espalier {

std::optional<KernelChoice> MakeBatchNormTrain(const KernelRequest& request);
std::optional<KernelChoice> MakeBatchNormInference(const KernelRequest& request);
std::optional<KernelChoice> MakeBatchNormBackward(const KernelRequest& request);

}  // namespace espalier

#endif  // ESPALIER_CORE_KERNELS_MAKERS_H_
