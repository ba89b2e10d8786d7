#include "compression/package/fold_batch_norm.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/ops/batch_norm.h"
#include "glog/logging.h"

namespace espalier {
namespace {

// The float that epsilon makes exactly 1, or the nearest to that.
float UnitVariance(float epsilon) {
  float variance = 1 - epsilon;
  for (int i = 0; i < 4 && variance + epsilon < 1; ++i) variance = std::nextafter(variance, 2.0f);
  for (int i = 0; i < 4 && variance + epsilon > 1; ++i) variance = std::nextafter(variance, 0.0f);
  return variance;
}

}  // namespace

absl::Status FoldBatchNorms(const Graph& graph, std::map<std::string, std::vector<float>>* values) {
  for (const Node& node : graph.nodes()) {
    const auto* op = dynamic_cast<const BatchNormInferenceOp*>(node.op.get());
    if (op == nullptr) continue;
    std::vector<float>* vectors[4];
    for (int i = 0; i < 4; ++i) {
      const auto found = values->find(graph.value(node.inputs[1 + i]).name);
      CHECK(found != values->end());
      vectors[i] = &found->second;
    }
    auto& [scale, shift, mean, variance] = vectors;
    for (size_t c = 0; c < scale->size(); ++c) {
      const double spread = double{(*variance)[c]} + op->epsilon();
      if (!(spread > 0)) {
        return absl::InvalidArgumentError(
            absl::StrCat(node.layer, ": expected variances of at least 0, found ", (*variance)[c], " in channel ", c));
      }
      const double folded = (*scale)[c] / std::sqrt(spread);
      (*shift)[c] = static_cast<float>((*shift)[c] - (*mean)[c] * folded);
      (*scale)[c] = static_cast<float>(folded);
    }
    std::fill(mean->begin(), mean->end(), 0.0f);
    std::fill(variance->begin(), variance->end(), UnitVariance(op->epsilon()));
  }
  return absl::OkStatus();
}

}  // namespace espalier
