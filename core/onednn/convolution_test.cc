#include "core/ops/convolution.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/onednn/kernels.h"
#include "core/random.h"

namespace espalier {
namespace {

// Runs the chosen kernel on plain tensors, through reorders where it wants other layouts.
std::string RunChoice(const KernelRequest& request, KernelChoice choice, const std::vector<Tensor>& inputs,
                      const std::vector<Tensor>& outputs) {
  KernelArguments arguments;
  std::vector<std::shared_ptr<std::byte>> memory;
  const auto allocate = [&](size_t bytes) {
    memory.push_back(AllocateAligned(bytes));
    return memory.back().get();
  };
  const auto reorder = [&](const TensorType& type, const Layout& from, void* source, const Layout& to, void* target) {
    KernelChoice copy = MakeReorder(type, from, to);
    copy.kernel->Bind({{source}, {target}, allocate(copy.scratch_bytes)});
    copy.kernel->Run({});
  };
  for (size_t i = 0; i < inputs.size(); ++i) {
    arguments.inputs.push_back(allocate(choice.input_layouts[i].Bytes(request.inputs[i])));
    reorder(request.inputs[i], Layout(), inputs[i].raw(), choice.input_layouts[i], arguments.inputs[i]);
  }
  for (size_t i = 0; i < outputs.size(); ++i) {
    arguments.outputs.push_back(allocate(choice.output_layouts[i].Bytes(request.outputs[i])));
  }
  arguments.scratch = allocate(choice.scratch_bytes);
  choice.kernel->Bind(arguments);
  choice.kernel->Run({});
  for (size_t i = 0; i < outputs.size(); ++i) {
    reorder(request.outputs[i], choice.output_layouts[i], arguments.outputs[i], Layout(), outputs[i].raw());
  }
  return choice.implementation;
}

Tensor RandomTensor(const TensorType& type, uint64_t index) {
  Tensor tensor(type.dtype, type.shape);
  Random random(1, "convolution_test", 0, index);
  for (float& value : tensor.span<float>()) value = random.Normal();
  return tensor;
}

// The largest error, relative to the outputs' root mean square.
double MeasureError(const Operator& op, const std::vector<TensorType>& types,
                    std::optional<KernelChoice> (*make)(const KernelRequest&), std::string* implementation) {
  KernelRequest request{&op, types, *op.InferTypes(types), std::vector<Layout>(types.size())};
  std::vector<Tensor> inputs, expected, outputs;
  for (const TensorType& type : types) inputs.push_back(RandomTensor(type, inputs.size()));
  for (const TensorType& type : request.outputs) {
    expected.emplace_back(type.dtype, type.shape);
    outputs.emplace_back(type.dtype, type.shape);
  }
  op.Reference(inputs, expected, {});
  std::optional<KernelChoice> choice = make(request);
  CHECK(choice.has_value());
  *implementation = RunChoice(request, *std::move(choice), inputs, outputs);
  double squares = 0, largest = 0;
  for (int64_t i = 0; i < outputs[0].elements(); ++i) {
    squares += std::pow(expected[0].data<float>()[i], 2);
    largest = std::max<double>(largest, std::abs(expected[0].data<float>()[i] - outputs[0].data<float>()[i]));
  }
  return largest / std::sqrt(squares / static_cast<double>(outputs[0].elements()));
}

class WinogradTest : public testing::TestWithParam<int64_t> {};

TEST_P(WinogradTest, StaysCloseToTheReference) {
  const int64_t channels = GetParam();
  ConvolutionAttributes a;
  a.pad_h = a.pad_w = 1;
  const TensorType x{DType::kF32, {4, channels, 14, 14}}, weights{DType::kF32, {channels, channels, 3, 3}};
  std::string implementation;
  const auto check = [&](const char* what, double error) {
    RecordProperty(what, std::to_string(error));
    EXPECT_LT(error, 1e-4) << what << " by " << implementation;
  };
  check("forward", MeasureError(ConvolutionOp(a), {x, weights}, MakeOneDnnConvolution, &implementation));
  check("backward_data", MeasureError(ConvolutionBackwardDataOp(a, x.shape), {x, weights},
                                      MakeOneDnnConvolutionBackwardData, &implementation));
  check("backward_weights", MeasureError(ConvolutionBackwardWeightsOp(a, weights.shape, false), {x, x},
                                         MakeOneDnnConvolutionBackwardWeights, &implementation));
  if (channels >= 32 && OneDnnDescription().find("avx512") != std::string::npos) {
    EXPECT_NE(implementation.find("wino"), std::string::npos) << implementation;
  }
}

INSTANTIATE_TEST_SUITE_P(Channels, WinogradTest, testing::Values(16, 32, 64, 128));

}  // namespace
}  // namespace espalier
