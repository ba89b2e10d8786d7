#include "core/ops/dropout.h"
#include "core/ops/op_cases.h"

namespace espalier {
namespace {

OpCase Case(std::string name, float rate, Shape x) {
  return {"dropout/" + std::move(name),
          std::make_shared<DropoutOp>(rate, "dropout/test"),
          {Data(x), Integers({x[0]}, 0, 1000)}};
}

}  // namespace

std::vector<OpCase> DropoutCases() {
  return {
      Case("half", 0.5f, {4, 32}),
      Case("odd_size", 0.3f, {3, 37}),
      Case("images", 0.25f, {2, 16, 3, 5}),
      Case("nothing", 0, {4, 6}),
      Large(Case("alexnet_fc6", 0.5f, {64, 4096})),
  };
}

}  // namespace espalier
