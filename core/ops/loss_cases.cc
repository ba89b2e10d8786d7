#include "core/ops/loss.h"
#include "core/ops/op_cases.h"

namespace espalier {
namespace {

// Label -1, a padding row, comes up too.
OpCase CrossEntropy(std::string name, int64_t rows, int classes, float smoothing, std::vector<int> outputs = {0}) {
  OpCase op_case{"softmax_cross_entropy/" + std::move(name), std::make_shared<SoftmaxCrossEntropyOp>(smoothing)};
  op_case.inputs = {Data({rows, classes}, Fill::kUniform, -3, 3), Integers({rows}, -1, classes)};
  op_case.projected_outputs = std::move(outputs);
  return op_case;
}

}  // namespace

std::vector<OpCase> LossCases() {
  return {
      {"softmax/vectors", std::make_shared<SoftmaxOp>(), {Data({6, 10}, Fill::kUniform, -3, 3)}},
      {"softmax/images", std::make_shared<SoftmaxOp>(), {Data({2, 5, 3, 3}, Fill::kUniform, -3, 3)}},
      CrossEntropy("ten_classes", 8, 10, 0),
      CrossEntropy("smoothing", 8, 10, 0.1f),
      CrossEntropy("two_classes", 4, 2, 0),
      CrossEntropy("loss_and_probabilities", 8, 7, 0.1f, {0, 1}),
      {"mean_squared_error/ten_classes",
       std::make_shared<MeanSquaredErrorOp>(),
       {Data({8, 10}), Integers({8}, -1, 10)}},
      {"count_correct/ten_classes",
       std::make_shared<CountCorrectOp>(),
       {Constant(Data({16, 10})), Integers({16}, -1, 10)}},
      {"count_correct/three_classes",
       std::make_shared<CountCorrectOp>(),
       {Constant(Data({16, 3})), Integers({16}, -1, 3)}},
      Large(CrossEntropy("imagenet", 128, 1000, 0.1f)),
  };
}

}  // namespace espalier
