#include "compression/fixed_point_plan.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/human_readable.h"
#include "proto/field_path.h"

namespace espalier {
namespace {

// Of a layer's weights; 0 where they stay in float.
int BitsOf(const std::string& layer, const FixedPointWeights& weights) {
  const FixedPointLayer* entry = FirstFitting(weights.layer(), layer);
  return entry != nullptr ? entry->bits() : weights.bits();
}

}  // namespace

PhaseFixedPoint FixedPointPlanner::Next(const Phase& phase, const std::string& path) {
  PhaseFixedPoint result;
  if (phase.has_restore_dense()) in_force_.clear();
  if (phase.has_fixed_point()) {
    const FixedPointWeights& weights = phase.fixed_point();
    result.begins = true;
    in_force_.clear();
    const std::string weights_path = FieldPath(path, "fixed_point");
    CheckPatterns(weights.layer(), layers_, weights_path, error_);
    for (int i = 0; i < weights.layer_size(); ++i) {
      if (weights.layer(i).bits() != 1) continue;
      error_(FieldPath(weights_path, absl::StrCat("layer[", i, "].bits")), "expected 0 or 2 to 16, found 1");
    }
    for (const WeightedLayer& layer : layers_) {
      const int bits = BitsOf(layer.name, weights);
      for (int parameter : layer.parameters) {
        if (bits > 0) in_force_[parameter] = bits;
      }
    }
  }
  result.bits = in_force_;
  return result;
}

std::string DescribeFixedPoint(const PhaseFixedPoint& fixed_point, const ParameterLayout& layout) {
  if (!fixed_point.begins || fixed_point.bits.empty()) return "";
  int64_t weights = 0;
  int fewest = 16, most = 0;
  for (const auto& [parameter, bits] : fixed_point.bits) {
    weights += layout[parameter].elements();
    fewest = std::min(fewest, bits);
    most = std::max(most, bits);
  }
  return absl::StrCat(FormatCount(weights), " weights in fixed point of ", DescribeBits(fewest, most));
}

}  // namespace espalier
