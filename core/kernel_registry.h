// Which kernels can serve which operator: one explicit table, the fastest first.
#ifndef ESPALIER_CORE_KERNEL_REGISTRY_H_
#define ESPALIER_CORE_KERNEL_REGISTRY_H_

#include "core/kernel.h"

namespace espalier {

// The first kernel in the table that serves the request; the reference kernel when none does or `reference_only`.
KernelChoice ChooseKernel(const KernelRequest& request, bool reference_only);

}  // namespace espalier

#endif  // ESPALIER_CORE_KERNEL_REGISTRY_H_
