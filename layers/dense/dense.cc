#include "layers/dense/dense.h"

#include "core/ops/matmul.h"
#include "core/ops/structure.h"
#include "layers/initializer.h"

namespace espalier {

absl::StatusOr<ValueId> MakeDense(const Dense& dense, LayerContext& context) {
  context.ExpectInputs(1);
  RETURN_IF_ERROR(context.Check());

  ValueId x = context.input();
  const Shape shape = context.input_shape();
  const int64_t inputs = shape.Product(1, shape.rank());
  if (shape.rank() != 2) {
    ASSIGN_OR_RETURN(x, context.Emit1(std::make_shared<ReshapeOp>(Shape{shape[0], inputs}), {x}));
  }
  const Fan fan = {inputs, dense.channels()};
  ASSIGN_OR_RETURN(const ValueId weight,
                   context.AddParameter("weight", {dense.channels(), inputs}, ParameterRole::kWeight,
                                        WeightInit(dense.weight_init(), fan)));
  std::vector<ValueId> operands = {x, weight};
  if (dense.bias()) {
    ASSIGN_OR_RETURN(const ValueId bias, context.AddParameter("bias", {dense.channels()}, ParameterRole::kBias,
                                                              BiasInit(dense.bias_init(), fan)));
    operands.push_back(bias);
  }
  return context.Emit1(std::make_shared<MatMulOp>(/*transpose_a=*/false, /*transpose_b=*/true), std::move(operands));
}

}  // namespace espalier
