// Every operator case through the planner and the executor, forward and backward, in each float type and with blocked
// layouts around it, against the reference kernels.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "core/executor.h"
#include "core/ops/op_cases.h"
#include "core/ops/reference_access.h"
#include "core/reference_interpreter.h"
#include "gtest/gtest.h"

namespace espalier {
namespace {

// The largest difference allowed, relative to the largest element of the tensor. In f32, kernels differ in the order of
// their sums (and Winograd kernels transform their inputs). In the 16-bit types, a result on the border between two
// neighbours can fall on either side whenever it is stored.
double Tolerance(const OpCase& op_case, DType dtype) {
  return dtype == DType::kF32 ? 2e-5 : op_case.roundings * (dtype == DType::kBF16 ? 0x1p-8 : 0x1p-11);
}

void ExpectNear(const Tensor& expected, const Tensor& found, double tolerance, const std::string& what) {
  ASSERT_TRUE(expected.dtype() == found.dtype() && expected.shape() == found.shape()) << what;
  if (!IsFloat(expected.dtype())) {
    EXPECT_EQ(std::memcmp(expected.raw(), found.raw(), expected.bytes()), 0) << what;
    return;
  }
  const FloatElements a(expected), b(found);
  double largest = 0;
  for (int64_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(double{a[i]}));
  for (int64_t i = 0; i < a.size(); ++i) {
    if (std::abs(a[i] - b[i]) <= tolerance * largest) continue;
    ADD_FAILURE() << what << " at " << i << " of " << expected.shape() << ": expected " << a[i] << ", found " << b[i]
                  << ", tolerance " << tolerance * largest;
    return;
  }
}

struct Trial {
  OpCase op_case;
  DType dtype;
  Surroundings surroundings;
};

void PrintTo(const Trial& trial, std::ostream* out) {
  *out << trial.op_case.name << " " << Name(trial.dtype)
       << (trial.surroundings == Surroundings::kConvolutions ? " blocked" : "");
}

std::vector<Trial> Trials() {
  std::vector<Trial> trials;
  for (const OpCase& op_case : AllOpCases()) {
    if (op_case.large) continue;
    for (DType dtype : {DType::kF32, DType::kBF16, DType::kF16}) {
      if (dtype != DType::kF32 && !op_case.any_float()) continue;
      trials.push_back({WithDType(op_case, dtype), dtype, Surroundings::kNothing});
      if (op_case.inputs[0].type.shape.rank() == 4) {
        trials.push_back({WithDType(op_case, dtype), dtype, Surroundings::kConvolutions});
      }
    }
  }
  return trials;
}

std::string TrialName(const testing::TestParamInfo<Trial>& info) {
  std::string name = absl::StrCat(info.param.op_case.name, "_", std::string(Name(info.param.dtype)),
                                  info.param.surroundings == Surroundings::kConvolutions ? "_blocked" : "");
  std::replace(name.begin(), name.end(), '/', '_');
  return name;
}

class OpKernelsTest : public testing::TestWithParam<Trial> {};

TEST_P(OpKernelsTest, EqualTheReference) {
  const Trial& trial = GetParam();
  const Graph graph = trial.op_case.differentiable() ? BackwardGraph(trial.op_case, trial.surroundings)
                                                     : ForwardGraph(trial.op_case, trial.surroundings);
  const std::map<std::string, Tensor> tensors = CaseTensors(trial.op_case, graph);
  ReferenceInterpreter interpreter(graph, 1);
  for (const auto& [name, tensor] : tensors) interpreter.Set(graph.input(name), tensor);
  interpreter.Run({});

  auto executor =
      Executor::Create(graph, {}, std::make_shared<ParameterStore>(graph, 1), std::make_shared<Workspace>());
  ASSERT_TRUE(executor.ok()) << executor.status();
  for (const auto& [name, tensor] : tensors) (*executor)->SetInput(name, tensor);
  for (int run = 0; run < 2; ++run) {  // the second on what the first left behind
    (*executor)->Run({});
    for (const auto& [name, value] : graph.outputs()) {
      ExpectNear(interpreter.value(value), (*executor)->Output(name), Tolerance(trial.op_case, trial.dtype), name);
    }
  }
  for (const auto& [name, tensor] : tensors) {
    const Tensor& before = interpreter.value(graph.input(name));
    EXPECT_EQ(std::memcmp(before.raw(), tensor.raw(), tensor.bytes()), 0) << "input " << name << " was overwritten";
  }
  if (HasFailure()) ADD_FAILURE() << (*executor)->plan().ToString((*executor)->graph());
}

INSTANTIATE_TEST_SUITE_P(All, OpKernelsTest, testing::ValuesIn(Trials()), TrialName);

}  // namespace
}  // namespace espalier
