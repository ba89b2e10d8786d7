// The project's own kernels, as the plan sees them. A maker returns nothing where its kernel does not fit.
#ifndef ESPALIER_CORE_KERNELS_MAKERS_H_
#define ESPALIER_CORE_KERNELS_MAKERS_H_

#include <optional>

#include "core/kernel.h"

namespace espalier {

std::optional<KernelChoice> MakeBatchNormTrain(const KernelRequest& request);
std::optional<KernelChoice> MakeBatchNormInference(const KernelRequest& request);
std::optional<KernelChoice> MakeBatchNormBackward(const KernelRequest& request);

std::optional<KernelChoice> MakeAdd(const KernelRequest& request);
std::optional<KernelChoice> MakeMultiply(const KernelRequest& request);
std::optional<KernelChoice> MakeScale(const KernelRequest& request);
std::optional<KernelChoice> MakeActivation(const KernelRequest& request);
std::optional<KernelChoice> MakeActivationBackward(const KernelRequest& request);
std::optional<KernelChoice> MakeCast(const KernelRequest& request);
std::optional<KernelChoice> MakeRound(const KernelRequest& request);

std::optional<KernelChoice> MakeSoftmax(const KernelRequest& request);
std::optional<KernelChoice> MakeSoftmaxBackward(const KernelRequest& request);
std::optional<KernelChoice> MakeSoftmaxCrossEntropy(const KernelRequest& request);
std::optional<KernelChoice> MakeSoftmaxCrossEntropyBackward(const KernelRequest& request);
std::optional<KernelChoice> MakeDropout(const KernelRequest& request);

std::optional<KernelChoice> MakeLrn(const KernelRequest& request);
std::optional<KernelChoice> MakeLrnBackward(const KernelRequest& request);

std::optional<KernelChoice> MakePool(const KernelRequest& request);
std::optional<KernelChoice> MakePoolBackward(const KernelRequest& request);

std::optional<KernelChoice> MakeReduce(const KernelRequest& request);
std::optional<KernelChoice> MakeBroadcast(const KernelRequest& request);
std::optional<KernelChoice> MakeBiasGradient(const KernelRequest& request);

std::optional<KernelChoice> MakeConcat(const KernelRequest& request);
std::optional<KernelChoice> MakeSlice(const KernelRequest& request);
std::optional<KernelChoice> MakeSliceBackward(const KernelRequest& request);
std::optional<KernelChoice> MakeTranspose(const KernelRequest& request);
std::optional<KernelChoice> MakeGather(const KernelRequest& request);
std::optional<KernelChoice> MakeGatherBackward(const KernelRequest& request);

}  // namespace espalier

#endif  // ESPALIER_CORE_KERNELS_MAKERS_H_
