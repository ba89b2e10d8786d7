#include "core/ops/batch_norm.h"
#include "core/ops/op_cases.h"

namespace espalier {
namespace {

constexpr float kEpsilon = 1e-5f;

// Scales stay away from zero, where x's gradient vanishes.
OpCase Train(std::string name, Shape x, bool relu, bool residual, bool synchronized = false) {
  OpCase op_case{"batch_norm_train/" + std::move(name),
                 std::make_shared<BatchNormTrainOp>(kEpsilon, relu, synchronized)};
  op_case.inputs = {Data(x, Fill::kUniform, -1, 3), F32Only({x[1]}, 0.5f, 1.5f), F32Only({x[1]})};
  if (residual) op_case.inputs.push_back(Data(x));
  if (relu) op_case.before_relu = std::make_shared<BatchNormTrainOp>(kEpsilon, /*relu=*/false);
  return op_case;
}

OpCase Inference(std::string name, Shape x, bool relu, bool residual) {
  OpCase op_case{"batch_norm_inference/" + std::move(name), std::make_shared<BatchNormInferenceOp>(kEpsilon, relu)};
  op_case.inputs = {Constant(Data(x)), Constant(F32Only({x[1]}, 0.5f, 1.5f)), Constant(F32Only({x[1]})),
                    Constant(F32Only({x[1]})), Constant(F32Only({x[1]}, 0.5f, 1.5f))};
  if (residual) op_case.inputs.push_back(Constant(Data(x)));
  if (relu) op_case.before_relu = std::make_shared<BatchNormInferenceOp>(kEpsilon, /*relu=*/false);
  return op_case;
}

}  // namespace

std::vector<OpCase> BatchNormCases() {
  return {
      Train("images", {4, 3, 5, 5}, false, false),
      Train("blocked_channels", {4, 16, 4, 4}, false, false),
      Train("relu", {4, 16, 3, 5}, true, false),
      Train("residual", {4, 6, 4, 4}, false, true),
      Train("residual_relu", {4, 16, 4, 4}, true, true),
      Train("odd_channels_relu", {3, 19, 3, 3}, true, true),
      Train("vectors", {12, 10}, false, false),
      Train("vectors_relu", {12, 10}, true, false),
      Train("synchronized_images", {4, 3, 5, 5}, false, false, /*synchronized=*/true),
      Train("synchronized_residual_relu", {4, 16, 4, 4}, true, true, /*synchronized=*/true),
      Inference("images", {2, 16, 4, 4}, false, false),
      Inference("odd_channels_relu", {2, 5, 4, 4}, true, false),
      Inference("residual_relu", {2, 16, 3, 3}, true, true),
      Inference("vectors", {3, 10}, false, false),
      {"moving_average/mean",
       std::make_shared<MovingAverageOp>(0.9f, 1.0f),
       {Constant(F32Only({17})), Constant(F32Only({17}))}},
      {"moving_average/variance",
       std::make_shared<MovingAverageOp>(0.9f, 1.25f),
       {Constant(F32Only({17})), Constant(F32Only({17}))}},
      Large(Train("resnet_64x32", {32, 64, 32, 32}, false, false)),
      Large(Train("resnet_64x32_relu", {32, 64, 32, 32}, true, false)),
      Large(Train("resnet_64x32_residual_relu", {32, 64, 32, 32}, true, true)),
      Large(Train("resnet20_16x32_relu", {128, 16, 32, 32}, true, false)),
      Large(Train("resnet_512x4", {32, 512, 4, 4}, false, false)),
      Large(Inference("resnet_64x32_relu", {32, 64, 32, 32}, true, false)),
  };
}

}  // namespace espalier
