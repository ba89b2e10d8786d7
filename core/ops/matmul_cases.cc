#include "core/ops/matmul.h"
#include "core/ops/op_cases.h"

namespace espalier {
namespace {

OpCase Case(std::string name, const MatMulOp& op, Shape a, Shape b, int64_t bias_columns = 0) {
  OpCase op_case{"matmul/" + std::move(name), std::make_shared<MatMulOp>(op)};
  op_case.inputs = {Data(a), Data(b)};
  if (bias_columns > 0) op_case.inputs.push_back(F32Only({bias_columns}));
  if (op.relu()) {
    op_case.before_relu =
        std::make_shared<MatMulOp>(op.transpose_a(), op.transpose_b(), /*relu=*/false, op.f32_output());
  }
  return op_case;
}

}  // namespace

std::vector<OpCase> MatMulCases() {
  const bool t = true, n = false, relu = true, f32_output = true;
  return {
      Case("nn", {n, n}, {7, 5}, {5, 9}),
      Case("nt", {n, t}, {7, 5}, {9, 5}),
      Case("tn", {t, n}, {5, 7}, {5, 9}),
      Case("tt", {t, t}, {5, 7}, {9, 5}),
      Case("nn_bias", {n, n}, {16, 32}, {32, 16}, 16),
      Case("nt_bias", {n, t}, {4, 20}, {10, 20}, 10),
      Case("tn_bias", {t, n}, {20, 4}, {20, 10}, 10),
      Case("tt_bias_relu", {t, t, relu}, {6, 4}, {10, 6}, 10),
      Case("nt_relu", {n, t, relu}, {4, 20}, {10, 20}),
      Case("nt_bias_relu", {n, t, relu}, {4, 20}, {10, 20}, 10),
      Case("nt_f32_output", {n, t, n, f32_output}, {6, 8}, {5, 8}),
      Case("tn_f32_output_bias_relu", {t, n, relu, f32_output}, {8, 6}, {8, 5}, 5),
      Case("one_row", {n, t}, {1, 16}, {10, 16}, 10),
      Case("one_column", {n, n}, {9, 4}, {4, 1}),
      {"bias_add/vectors", std::make_shared<BiasAddOp>(), {Data({4, 10}), F32Only({10})}},
      {"bias_add/images", std::make_shared<BiasAddOp>(), {Data({2, 6, 3, 5}), F32Only({6})}},
      Large(Case("lenet_300_100", {n, t}, {64, 784}, {300, 784}, 300)),
      Large(Case("lenet5_800x500", {n, t, relu}, {64, 800}, {500, 800}, 500)),
      Large(Case("alexnet_fc7", {n, t}, {64, 4096}, {4096, 4096}, 4096)),
      Large({"bias_add/large_images", std::make_shared<BiasAddOp>(), {Data({32, 64, 32, 32}), F32Only({64})}}),
  };
}

}  // namespace espalier
