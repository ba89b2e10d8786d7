#include "core/ops/elementwise.h"
#include "core/ops/op_cases.h"
#include "core/ops/round.h"

namespace espalier {
namespace {

OpCase Cast(std::string name, DType from, DType to) {
  OpCase op_case{"cast/" + std::move(name), std::make_shared<CastOp>(to), {Data({3, 7})}};
  op_case.inputs[0].type.dtype = from;
  op_case.inputs[0].any_float = false;
  op_case.inputs[0].differentiate = from == DType::kF32;
  op_case.smooth = std::make_shared<CastOp>(DType::kF32);
  return op_case;
}

OpCase Round(std::string name, DType grid) {
  OpCase op_case{"round/" + std::move(name), std::make_shared<RoundOp>(grid), {F32Only({3, 37})}};
  op_case.smooth = std::make_shared<CastOp>(DType::kF32);
  return op_case;
}

}  // namespace

std::vector<OpCase> ElementwiseCases() {
  const auto relu = std::make_shared<ActivationOp>(Activation::kRelu);
  const Shape images = {2, 16, 3, 5}, vectors = {3, 7}, large = {32, 64, 32, 32};
  return {
      {"add/images", std::make_shared<AddOp>(), {Data(images), Data(images)}},
      {"add/vectors", std::make_shared<AddOp>(), {Data(vectors), Data(vectors)}},
      {"add_relu/images", std::make_shared<AddOp>(true), {Data(images), Data(images)}, std::make_shared<AddOp>()},
      {"multiply/images", std::make_shared<MultiplyOp>(), {Data(images), Data(images)}},
      {"multiply/scalars", std::make_shared<MultiplyOp>(), {Data({}), Data({})}},
      {"scale/images", std::make_shared<ScaleOp>(), {Data(images), Constant(F32Only({}))}},
      {"relu/images", relu, {Data(images, Fill::kAwayFromZero)}},
      {"relu/odd_size", relu, {Data({37}, Fill::kAwayFromZero)}},
      {"leaky_relu/images",
       std::make_shared<ActivationOp>(Activation::kLeakyRelu, 0.1f),
       {Data(images, Fill::kAwayFromZero)}},
      {"sigmoid/images", std::make_shared<ActivationOp>(Activation::kSigmoid), {Data(images, Fill::kUniform, -4, 4)}},
      {"tanh/images", std::make_shared<ActivationOp>(Activation::kTanh), {Data(images, Fill::kUniform, -2, 2)}},
      Cast("f32_to_f32", DType::kF32, DType::kF32),
      Cast("f32_to_bf16", DType::kF32, DType::kBF16),
      Cast("f32_to_f16", DType::kF32, DType::kF16),
      Cast("bf16_to_f32", DType::kBF16, DType::kF32),
      Cast("f16_to_f32", DType::kF16, DType::kF32),
      Cast("bf16_to_f16", DType::kBF16, DType::kF16),
      Round("bf16", DType::kBF16),
      Round("f16", DType::kF16),
      Large({"add_relu/large", std::make_shared<AddOp>(true), {Data(large), Data(large)}, std::make_shared<AddOp>()}),
      Large({"relu/large", relu, {Data(large, Fill::kAwayFromZero)}}),
      Large({"tanh/large", std::make_shared<ActivationOp>(Activation::kTanh), {Data(large)}}),
  };
}

}  // namespace espalier
