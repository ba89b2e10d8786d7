// Kernels from oneDNN. This folder is the only one where a dnnl:: type appears; a maker returns nothing where oneDNN
// has no optimised implementation for a request.
#ifndef ESPALIER_CORE_ONEDNN_KERNELS_H_
#define ESPALIER_CORE_ONEDNN_KERNELS_H_

#include <optional>
#include <string>

#include "core/kernel.h"

namespace espalier {

std::optional<KernelChoice> MakeOneDnnConvolution(const KernelRequest& request);
std::optional<KernelChoice> MakeOneDnnConvolutionBackwardData(const KernelRequest& request);
std::optional<KernelChoice> MakeOneDnnConvolutionBackwardWeights(const KernelRequest& request);
std::optional<KernelChoice> MakeOneDnnMatMul(const KernelRequest& request);
std::optional<KernelChoice> MakeOneDnnAveragePool(const KernelRequest& request);
std::optional<KernelChoice> MakeOneDnnAveragePoolBackward(const KernelRequest& request);
std::optional<KernelChoice> MakeOneDnnLrn(const KernelRequest& request);
std::optional<KernelChoice> MakeOneDnnConcat(const KernelRequest& request);

// A copy from one layout into another: same type, same values. Neither may be opaque.
KernelChoice MakeReorder(const TensorType& type, const Layout& from, const Layout& to);

// What the processor offers, as oneDNN uses it: "oneDNN 2.6.3, avx512_core_bf16".
std::string OneDnnDescription();
// Whether convolutions and matrix products on bf16 run on bf16 instructions (else they are emulated, slower than f32).
bool HasNativeBFloat16();

}  // namespace espalier

#endif  // ESPALIER_CORE_ONEDNN_KERNELS_H_
