#include "core/ops/lrn.h"
#include "core/ops/op_cases.h"

namespace espalier {
namespace {

// Alphas are large, so that the normaliser matters; AlexNet's own is in the last case.
OpCase Case(std::string name, LrnAttributes attributes, Shape x) {
  return {"lrn/" + std::move(name), std::make_shared<LrnOp>(attributes), {Data(x)}};
}

}  // namespace

std::vector<OpCase> LrnCases() {
  return {
      Case("five", {5, 1.0f, 0.75f, 1}, {2, 16, 3, 3}),
      Case("three", {3, 0.5f, 0.5f, 2}, {2, 7, 2, 3}),
      Case("window_wider_than_the_channels", {9, 2.0f, 0.75f, 1}, {2, 3, 3, 3}),
      Case("one", {1, 1.0f, 0.75f, 1}, {2, 4, 2, 2}),
      Large(Case("alexnet", {5, 1e-4f, 0.75f, 1}, {8, 96, 55, 55})),
  };
}

}  // namespace espalier
