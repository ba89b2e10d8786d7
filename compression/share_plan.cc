#include "compression/share_plan.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "core/human_readable.h"
#include "proto/field_path.h"

namespace espalier {
namespace {

KMeansStart StartOf(ShareWeights::Start start) {
  switch (start) {
    case ShareWeights::LINEAR:
      return KMeansStart::kLinear;
    case ShareWeights::DENSITY:
      return KMeansStart::kDensity;
    case ShareWeights::RANDOM:
      return KMeansStart::kRandom;
    case ShareWeights::PLUS_PLUS:
      return KMeansStart::kPlusPlus;
    case ShareWeights::OPTIMAL:
      break;
  }
  return KMeansStart::kOptimal;
}

// Of a layer; 0 where it is not to share, nothing where no value is given.
std::optional<int> BitsOf(const std::string& layer, const ShareWeights& share) {
  if (const ShareLayer* entry = FirstFitting(share.layer(), layer)) return entry->bits();
  if (!share.has_bits()) return std::nullopt;
  return share.bits();
}

}  // namespace

std::vector<SharedParameter> SharePlanner::SharesOf(const ShareWeights& share, const std::string& path) const {
  CheckPatterns(share.layer(), layers_, path, error_);
  std::vector<SharedParameter> shares;
  std::vector<std::string> without;
  for (const WeightedLayer& layer : layers_) {
    const std::optional<int> bits = BitsOf(layer.name, share);
    if (!bits) without.push_back(layer.name);
    if (bits == 0 && in_force_.count(layer.parameters[0]) > 0) {
      error_(FieldPath(path, "layer"), absl::StrCat("expected at least 1 bit for ", layer.name,
                                                    ", whose weights share values since a phase before (restore_dense ",
                                                    "would end that), found 0"));
    }
    if (bits.value_or(0) == 0) continue;
    for (int parameter : layer.parameters) shares.push_back({parameter, *bits});
  }
  if (!without.empty()) error_(FieldPath(path, "bits"), MissingValue(without));
  for (int i = 0; share.has_bias_bits() && i < layout_.size(); ++i) {
    if (layout_[i].role == ParameterRole::kBias) shares.push_back({i, share.bias_bits()});
  }
  return shares;
}

void SharePlanner::CheckOptimum(const PhaseSharing& sharing, const std::string& path) const {
  if (sharing.start != KMeansStart::kOptimal) return;
  for (const SharedParameter& share : sharing.shares) {
    const int64_t most = kOptimalKMeansLimit >> share.bits;
    const int64_t elements = layout_[share.parameter].elements();
    if (elements <= most) continue;
    error_(FieldPath(path, "start"),
           absl::StrCat("expected another than OPTIMAL, which takes at most ", FormatCount(most), " weights at ",
                        share.bits, " bits, for ", layout_[share.parameter].name, ", found ", FormatCount(elements)));
  }
}

PhaseSharing SharePlanner::Next(const Phase& phase, const std::string& path) {
  PhaseSharing sharing;
  if (phase.has_restore_dense()) in_force_.clear();
  if (phase.has_prune() && !in_force_.empty()) {
    error_(FieldPath(path, "prune"),
           "expected prune before share_weights, or restore_dense between them, found shared weights");
  }
  if (phase.has_share_weights()) {
    const std::string share_path = FieldPath(path, "share_weights");
    if (phase.prune().has_gradual()) {
      error_(share_path, "expected the pruning to be over before weights share values, found prune.gradual");
    }
    sharing.start = StartOf(phase.share_weights().start());
    sharing.shares = SharesOf(phase.share_weights(), share_path);
    CheckOptimum(sharing, share_path);
    for (const SharedParameter& share : sharing.shares) in_force_.insert(share.parameter);
  }
  sharing.shared.assign(in_force_.begin(), in_force_.end());
  return sharing;
}

std::string DescribeSharing(const PhaseSharing& sharing, const ParameterLayout& layout) {
  if (sharing.shares.empty()) return "";
  int64_t weights = 0;
  int fewest = sharing.shares[0].bits, most = fewest;
  for (const SharedParameter& share : sharing.shares) {
    weights += layout[share.parameter].elements();
    fewest = std::min(fewest, share.bits);
    most = std::max(most, share.bits);
  }
  return absl::StrCat("shares the values of ", FormatCount(weights), " weights at ", DescribeBits(fewest, most));
}

}  // namespace espalier
