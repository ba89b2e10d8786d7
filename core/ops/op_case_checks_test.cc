// The checks find the faults that they are for.
#include "core/ops/op_case_checks.h"

#include "core/gradient.h"
#include "core/ops/elementwise.h"
#include "core/ops/reference_access.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace espalier {
namespace {

using ::testing::HasSubstr;

// x -> x^2, whose gradient is 2 x dy or, wrongly, x dy.
class SquareOp : public Operator {
 public:
  explicit SquareOp(bool right_gradient, int64_t extra_bytes = 0, bool accepts_nothing = false)
      : right_gradient_(right_gradient), extra_bytes_(extra_bytes), accepts_nothing_(accepts_nothing) {}
  absl::string_view kind() const override { return "square"; }
  absl::StatusOr<std::vector<TensorType>> InferTypes(absl::Span<const TensorType> inputs) const override {
    if (accepts_nothing_ && inputs.empty()) return std::vector<TensorType>();
    RETURN_IF_ERROR(ExpectInputs(*this, inputs, 1));
    return std::vector<TensorType>{inputs[0]};
  }
  Cost CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const override {
    return {0, 0, TrafficBytes(inputs, outputs) + extra_bytes_};
  }
  void Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                 const StepContext& /*step*/) const override {
    const FloatElements x(inputs[0]), y(outputs[0]);
    for (int64_t i = 0; i < x.size(); ++i) y.Set(i, x[i] * x[i]);
  }
  void Gradient(GradientContext* context) const override {
    const ValueId x = context->input(0), dy = context->output_gradient();
    const ValueId product = context->Emit1(std::make_shared<MultiplyOp>(), {dy, x});
    context->SetInputGradient(
        0, right_gradient_ ? context->Emit1(std::make_shared<AddOp>(), {product, product}) : product);
  }

 private:
  bool right_gradient_;
  int64_t extra_bytes_;
  bool accepts_nothing_;
};

OpCase Square(bool right_gradient, int64_t extra_bytes = 0, bool accepts_nothing = false) {
  return {"square/test", std::make_shared<SquareOp>(right_gradient, extra_bytes, accepts_nothing), {Data({3, 5})}};
}

TEST(OpCaseChecksTest, AcceptARightOperator) {
  const OpCase op_case = Square(true);
  for (const absl::Status& status :
       {CheckGradient(op_case), CheckCost(op_case), CheckShapeRule(op_case), CheckFusedRelu(op_case)}) {
    EXPECT_TRUE(status.ok()) << status;
  }
  EXPECT_EQ(ClassName(*op_case.op), "SquareOp");
}

TEST(OpCaseChecksTest, FindAWrongGradient) {
  EXPECT_THAT(std::string(CheckGradient(Square(false)).message()), HasSubstr("square/test: gradient of input 0 at "));
}

TEST(OpCaseChecksTest, FindAWrongCost) {
  EXPECT_EQ(CheckCost(Square(true, 4)).message(), "square/test: square has 120 bytes, its cost rule says 124");
}

TEST(OpCaseChecksTest, FindAShapeRuleThatAcceptsNothing) {
  EXPECT_EQ(CheckShapeRule(Square(true, 0, true)).message(), "square/test: accepts no inputs at all");
}

TEST(OpCaseChecksTest, FindAFusedReluThatDoesNotClip) {
  OpCase op_case{"relu/test", std::make_shared<AddOp>(), {Data({40}), Data({40})}, std::make_shared<AddOp>()};
  EXPECT_THAT(std::string(CheckFusedRelu(op_case).message()), HasSubstr("relu/test: output "));
}

}  // namespace
}  // namespace espalier
