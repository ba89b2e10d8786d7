// Every kernel that the registry offers, on every operator case and its backward pass, in f32, bf16 and f16, with
// inputs plain and in channel blocks, against the reference kernels.
#include "core/kernel_registry.h"

#include <cmath>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "core/ops/op_cases.h"
#include "core/ops/reference_access.h"
#include "core/reference_interpreter.h"
#include "gtest/gtest.h"

namespace espalier {
namespace {

// What storage holds before it is written: a NaN in each float type.
constexpr int kPoison = 0xff;

Layout ChannelBlocked(const Shape& shape, int64_t block) {
  std::vector<int64_t> padded(shape.begin(), shape.end()), strides(shape.rank());
  padded[1] = (shape[1] + block - 1) / block * block;
  int64_t stride = block;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    strides[axis] = stride;
    stride *= axis == 1 ? padded[1] / block : padded[axis];
  }
  return Layout::Blocked(shape, padded, strides, {{1, block}});
}

// The place in memory, in elements, of element `index` in row-major order.
int64_t PlaceOf(const Layout& layout, Shape shape, int64_t index) {
  if (layout.plain()) return index;
  if (static_cast<int>(layout.padded_dims().size()) > shape.rank()) {
    // Weights of a grouped convolution lie as [groups, K / groups, C / groups, kh, kw].
    const int64_t groups = layout.padded_dims()[0];
    shape = {groups, shape[0] / groups, shape[1], shape[2], shape[3]};
  }
  std::array<int64_t, Shape::kMaxRank> position = {};
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    position[axis] = index % shape[axis];
    index /= shape[axis];
  }
  int64_t place = 0, stride = 1;
  for (auto block = layout.blocks().rbegin(); block != layout.blocks().rend(); ++block) {
    place += position[block->dim] % block->size * stride;
    position[block->dim] /= block->size;
    stride *= block->size;
  }
  for (int axis = 0; axis < shape.rank(); ++axis) place += position[axis] * layout.strides()[axis];
  return place;
}

// A plain tensor's elements in `layout`, its padding zero.
Tensor Pack(const Tensor& tensor, const Layout& layout) {
  const size_t size = SizeOf(tensor.dtype());
  const Tensor packed(tensor.dtype(), {layout.PaddedElements(tensor.shape())});
  for (int64_t i = 0; i < tensor.elements(); ++i) {
    std::memcpy(packed.raw() + PlaceOf(layout, tensor.shape(), i) * size, tensor.raw() + i * size, size);
  }
  return packed;
}

Tensor Unpack(const Tensor& packed, const TensorType& type, const Layout& layout) {
  const size_t size = SizeOf(type.dtype);
  const Tensor tensor(type.dtype, type.shape);
  for (int64_t i = 0; i < tensor.elements(); ++i) {
    std::memcpy(tensor.raw() + i * size, packed.raw() + PlaceOf(layout, type.shape, i) * size, size);
  }
  return tensor;
}

// Equal within `tolerance` of the largest expected value; integers exactly.
testing::AssertionResult Near(const Tensor& actual, const Tensor& expected, float tolerance) {
  if (!IsFloat(expected.dtype())) {
    if (std::memcmp(actual.raw(), expected.raw(), expected.bytes()) == 0) return testing::AssertionSuccess();
    return testing::AssertionFailure() << "integers differ";
  }
  const FloatElements a(actual), e(expected);
  float largest = 0;
  for (int64_t i = 0; i < e.size(); ++i) largest = std::max(largest, std::abs(e[i]));
  for (int64_t i = 0; i < e.size(); ++i) {
    if (!(std::abs(a[i] - e[i]) <= tolerance * largest)) {
      return testing::AssertionFailure() << "element " << i << " is " << a[i] << " instead of " << e[i];
    }
  }
  return testing::AssertionSuccess();
}

float ToleranceOf(DType dtype) { return dtype == DType::kBF16 ? 0x1p-7f : dtype == DType::kF16 ? 0x1p-9f : 3e-5f; }

bool AnyOpaque(const std::vector<Layout>& layouts) {
  return std::any_of(layouts.begin(), layouts.end(), [](const Layout& layout) { return layout.opaque(); });
}

// Runs the choice on the inputs packed as it wants them; the outputs as they lie, storage poisoned before.
std::vector<Tensor> RunChoice(const KernelRequest& request, const KernelChoice& choice,
                              const std::vector<Tensor>& inputs) {
  KernelArguments arguments;
  std::vector<Tensor> packed, outputs;
  for (size_t i = 0; i < inputs.size(); ++i) {
    packed.push_back(Pack(inputs[i], choice.input_layouts[i]));
    arguments.inputs.push_back(packed.back().raw());
  }
  for (size_t i = 0; i < request.outputs.size(); ++i) {
    const size_t bytes = choice.output_layouts[i].Bytes(request.outputs[i]);
    outputs.emplace_back(DType::kU8, Shape{static_cast<int64_t>(bytes)});
    std::memset(outputs.back().raw(), kPoison, bytes);
    arguments.outputs.push_back(outputs.back().raw());
  }
  const Tensor scratch(DType::kU8, {static_cast<int64_t>(choice.scratch_bytes)});
  std::memset(scratch.raw(), kPoison, choice.scratch_bytes);
  arguments.scratch = scratch.raw();
  choice.kernel->Bind(arguments);
  choice.kernel->Run({});
  return outputs;
}

void CheckChoice(const KernelRequest& request, const std::vector<Tensor>& inputs, const std::vector<Tensor>& expected) {
  const KernelChoice choice = ChooseKernel(request, false);
  if (choice.implementation == "reference" || AnyOpaque(choice.input_layouts)) return;
  const std::vector<Tensor> outputs = RunChoice(request, choice, inputs);
  for (size_t i = 0; i < outputs.size(); ++i) {
    const Layout& layout = choice.output_layouts[i];
    if (layout.opaque()) continue;
    const TensorType& type = request.outputs[i];
    const Tensor found = Unpack(outputs[i], type, layout);
    EXPECT_TRUE(Near(found, expected[i], ToleranceOf(type.dtype)))
        << choice.implementation << " output " << i << " " << type.ToString() << " " << layout.ToString();
    EXPECT_EQ(std::memcmp(Pack(found, layout).raw(), outputs[i].raw(), outputs[i].bytes()), 0)
        << choice.implementation << " output " << i << " " << type.ToString() << " " << layout.ToString()
        << ": the padding is not zero";
  }
}

// The node of an evaluated graph, its [N, C, ...] inputs in channel blocks of `block` (1: plain).
void CheckNode(const Graph& graph, const Node& node, const ReferenceInterpreter& values, int64_t block) {
  KernelRequest request{node.op.get(), graph.InputTypes(node), graph.OutputTypes(node), {}};
  std::vector<Tensor> inputs, expected;
  for (ValueId id : node.inputs) {
    inputs.push_back(values.value(id));
    const Shape& shape = graph.type(id).shape;
    request.input_layouts.push_back(block > 1 && shape.rank() >= 3 ? ChannelBlocked(shape, block) : Layout());
  }
  for (ValueId id : node.outputs) expected.push_back(values.value(id));
  SCOPED_TRACE(absl::StrCat(node.op->kind(), " (", node.op->Attributes(), ") of ", request.inputs[0].ToString(),
                            " in blocks of ", block));
  CheckChoice(request, inputs, expected);
}

class KernelRegistryTest : public testing::TestWithParam<OpCase> {};

TEST_P(KernelRegistryTest, KernelsEqualTheReference) {
  for (DType dtype : {DType::kF32, DType::kBF16, DType::kF16}) {
    if (dtype != DType::kF32 && !GetParam().any_float()) continue;
    const OpCase op_case = WithDType(GetParam(), dtype);
    const Graph graph = op_case.differentiable() ? BackwardGraph(op_case) : ForwardGraph(op_case);
    ReferenceInterpreter interpreter(graph, 1);
    for (const auto& [name, tensor] : CaseTensors(op_case, graph)) interpreter.Set(graph.input(name), tensor);
    interpreter.Run({});
    for (const Node& node : graph.nodes()) {
      if (node.op->IsView()) continue;
      for (int64_t block : {1, 8, 16}) CheckNode(graph, node, interpreter, block);
    }
  }
}

std::vector<OpCase> SmallCases() {
  std::vector<OpCase> cases;
  for (OpCase& op_case : AllOpCases()) {
    if (!op_case.large) cases.push_back(std::move(op_case));
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(All, KernelRegistryTest, testing::ValuesIn(SmallCases()), [](const auto& info) {
  return absl::StrReplaceAll(info.param.name, {{"/", "_"}});
});

}  // namespace
}  // namespace espalier
