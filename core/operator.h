// The operator: one node kind of the graph together with its attributes. It knows its shape rule, its cost, its plain
// reference kernel and its gradient rule. Fast kernels live elsewhere (core/kernels, core/onednn) and must equal the
// reference.
#ifndef ESPALIER_CORE_OPERATOR_H_
#define ESPALIER_CORE_OPERATOR_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/dtype.h"
#include "core/shape.h"
#include "core/status.h"
#include "core/tensor.h"

namespace espalier {

class ChannelReducer;  // core/channel_reducer.h

struct TensorType {
  DType dtype = DType::kF32;
  Shape shape;

  size_t bytes() const { return static_cast<size_t>(shape.elements()) * SizeOf(dtype); }
  std::string ToString() const;  // "f32[64, 10]"
  friend bool operator==(const TensorType& a, const TensorType& b) { return a.dtype == b.dtype && a.shape == b.shape; }
  friend bool operator!=(const TensorType& a, const TensorType& b) { return !(a == b); }
};

// What one execution costs, whatever the implementation.
struct Cost {
  int64_t macs = 0;   // multiply-accumulates of convolutions and matrix products
  int64_t flops = 0;  // all floating point operations, 2 per multiply-accumulate
  int64_t bytes = 0;  // inputs read once and outputs written once
};

// What a step tells its kernels beside their tensors.
struct StepContext {
  uint64_t seed = 1;
  uint32_t epoch = 0;
  // What synchronised operators exchange their sums with; null: they are those of this rank's rows.
  ChannelReducer* channel_reducer = nullptr;
};

class GradientContext;

class Operator {
 public:
  virtual ~Operator() = default;

  // A stable name in snake case: "convolution", "convolution_backward_data".
  virtual absl::string_view kind() const = 0;
  // The attributes, for people: "kernel 3x3 stride 2 pad 1"; empty when there are none.
  virtual std::string Attributes() const { return ""; }

  // The shape rule: the outputs' types, or an error that names both shapes at fault.
  virtual absl::StatusOr<std::vector<TensorType>> InferTypes(absl::Span<const TensorType> inputs) const = 0;

  // The cost rule. The default counts no arithmetic, only the bytes.
  virtual Cost CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const;

  // The plain reference kernel on row-major tensors. Outputs are allocated and their contents undefined.
  virtual void Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                         const StepContext& step) const = 0;

  // The gradient rule: emits the operators that compute the wanted input gradients. The default: none of the inputs has
  // a gradient (labels, counts).
  virtual void Gradient(GradientContext* context) const;

  // True when the single output is the first input's elements under another shape: no kernel runs, no memory moves.
  virtual bool IsView() const { return false; }
  // The inputs whose memory output 0 may overwrite, when they die here and have the same layout and byte size.
  virtual bool MayOverwriteInput(int /*input*/) const { return false; }
};

using OperatorPtr = std::shared_ptr<const Operator>;

// Bytes of all inputs and outputs.
int64_t TrafficBytes(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs);

// Helpers for shape rules. Each error names the operator, what was expected and what was found.
absl::Status ExpectInputs(const Operator& op, absl::Span<const TensorType> inputs, int count);
absl::Status ExpectRank(const Operator& op, const TensorType& type, int rank);
absl::Status ExpectSameType(const Operator& op, const TensorType& a, const TensorType& b);
absl::Status ExpectFloat(const Operator& op, const TensorType& type);  // f32, bf16 or f16

}  // namespace espalier

#endif  // ESPALIER_CORE_OPERATOR_H_
