#include "core/kernel_registry.h"

#include "core/kernels/makers.h"
#include "core/onednn/kernels.h"

namespace espalier {
namespace {

struct Entry {
  absl::string_view kind;
  KernelMaker maker;
};

// In order of preference within a kind.
constexpr Entry kMakers[] = {
    {"convolution", MakeOneDnnConvolution},
    {"convolution_backward_data", MakeOneDnnConvolutionBackwardData},
    {"convolution_backward_weights", MakeOneDnnConvolutionBackwardWeights},
    {"matmul", MakeOneDnnMatMul},
    {"max_pool", MakePool},
    {"average_pool", MakeOneDnnAveragePool},
    {"average_pool", MakePool},
    {"max_pool_backward", MakePoolBackward},
    {"average_pool_backward", MakeOneDnnAveragePoolBackward},
    {"average_pool_backward", MakePoolBackward},
    {"lrn", MakeOneDnnLrn},
    {"lrn", MakeLrn},
    {"lrn_backward", MakeLrnBackward},
    {"concat", MakeOneDnnConcat},
    {"batch_norm_train", MakeBatchNormTrain},
    {"batch_norm_inference", MakeBatchNormInference},
    {"batch_norm_backward", MakeBatchNormBackward},
    {"add", MakeAdd},
    {"add_relu", MakeAdd},
    {"multiply", MakeMultiply},
    {"scale", MakeScale},
    {"cast", MakeCast},
    {"round", MakeRound},
    {"relu", MakeActivation},
    {"leaky_relu", MakeActivation},
    {"sigmoid", MakeActivation},
    {"tanh", MakeActivation},
    {"relu_backward", MakeActivationBackward},
    {"leaky_relu_backward", MakeActivationBackward},
    {"sigmoid_backward", MakeActivationBackward},
    {"tanh_backward", MakeActivationBackward},
    {"softmax", MakeSoftmax},
    {"softmax_backward", MakeSoftmaxBackward},
    {"softmax_cross_entropy", MakeSoftmaxCrossEntropy},
    {"softmax_cross_entropy_backward", MakeSoftmaxCrossEntropyBackward},
    {"dropout", MakeDropout},
    {"reduce_sum", MakeReduce},
    {"reduce_mean", MakeReduce},
    {"broadcast", MakeBroadcast},
    {"bias_gradient", MakeBiasGradient},
    {"concat", MakeConcat},
    {"slice", MakeSlice},
    {"slice_backward", MakeSliceBackward},
    {"transpose", MakeTranspose},
    {"gather", MakeGather},
    {"gather_backward", MakeGatherBackward},
};

}  // namespace

KernelChoice ChooseKernel(const KernelRequest& request, bool reference_only) {
  if (!reference_only) {
    for (const Entry& entry : kMakers) {
      if (entry.kind != request.op->kind()) continue;
      if (std::optional<KernelChoice> choice = entry.maker(request)) return *std::move(choice);
    }
  }
  return ReferenceChoice(request);
}

}  // namespace espalier
