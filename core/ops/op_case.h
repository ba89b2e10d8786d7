// For tests and benchmarks: one case struct per operator, which serves the gradient check, the cost check, the fast
// kernel against the reference, and the speed measurement.
#ifndef ESPALIER_CORE_OPS_OP_CASE_H_
#define ESPALIER_CORE_OPS_OP_CASE_H_

#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "core/graph.h"

namespace espalier {

enum class Fill {
  kUniform,       // in [low, high)
  kAwayFromZero,  // the same, but at least 0.1 from zero: for functions with a kink there
  kDistinct,      // multiples of 1/8 around zero, all different, in random order: for maxima
  kTies,          // one of four values: for the choice among equal maxima
  kIntegers,      // s32, uniform in {low, ..., high - 1}
};

struct CaseInput {
  TensorType type;
  Fill fill = Fill::kUniform;
  float low = -1, high = 1;
  bool differentiate = true;
  bool any_float = true;  // whether the operator takes this input in bf16 and f16 too
};

struct OpCase {
  std::string name;  // unique, "convolution/stride_2"
  OperatorPtr op;
  std::vector<CaseInput> inputs;
  // For an operator with a fused ReLU, the same without it: where its output is near zero, the gradient has a kink, and
  // the checks give those outputs a zero gradient.
  OperatorPtr before_relu = nullptr;
  // For an operator with steps, whose gradient rule passes over them: the smooth operator that it stands for.
  OperatorPtr smooth = nullptr;
  // Whether the outputs have derivatives at the inputs at all.
  bool has_derivatives = true;
  // How many units in the last place fast 16-bit kernels may be off, relative to the largest result: one for each time
  // that a result is rounded to storage on its way, forward and back.
  int roundings = 2;
  // The outputs that the loss of the gradient check depends on.
  std::vector<int> projected_outputs = {0};
  // For measuring speed only: too slow for the checks.
  bool large = false;

  bool differentiable() const;
  // Whether the case also exists in bf16 and f16.
  bool any_float() const;
  std::vector<TensorType> input_types() const;
};

// The name, in messages of tests.
void PrintTo(const OpCase& op_case, std::ostream* out);

// The case with its `any_float` inputs in `dtype`.
OpCase WithDType(OpCase op_case, DType dtype);

// What stands around the operator in the graph of a case.
enum class Surroundings {
  kNothing,
  // 1x1 convolutions with identity weights before each float input and after each float output of rank 4. They change
  // no value, but a planner makes them give and take blocked layouts.
  kConvolutions,
};

// The layer's name on the nodes of the operator and of its backward pass, in the graphs of cases.
inline constexpr absl::string_view kCaseLayer = "operator";

// The case as a graph: inputs "input0", "input1", ... -> operator -> outputs "output0", "output1", ...
// (an argmax is none: its form is a matter between the kernels of max pooling and its backward operator).
// With `backward` also the gradients "gradient0", ... of the differentiated inputs, of the loss
//   sum over projected outputs p and their elements of projection<p> * output<p>,
// whose own gradient is the input "seed".
Graph ForwardGraph(const OpCase& op_case, Surroundings surroundings = Surroundings::kNothing);
Graph BackwardGraph(const OpCase& op_case, Surroundings surroundings = Surroundings::kNothing);

// Contents for all inputs of `graph`, which is one of the above, by name; functions of the case's name alone.
std::map<std::string, Tensor> CaseTensors(const OpCase& op_case, const Graph& graph);

// Makers of inputs. Float data, in any type:
CaseInput Data(Shape shape, Fill fill = Fill::kUniform, float low = -1, float high = 1);
// f32 in every case: statistics, biases.
CaseInput F32Only(Shape shape, float low = -1, float high = 1);
// s32 in {low, ..., high - 1}: labels, indices, sample ids.
CaseInput Integers(Shape shape, int low, int high);
// The same input without a gradient.
CaseInput Constant(CaseInput input);
// The same case, for measuring speed only.
OpCase Large(OpCase op_case);

}  // namespace espalier

#endif  // ESPALIER_CORE_OPS_OP_CASE_H_
