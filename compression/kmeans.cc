#include "compression/kmeans.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "compression/kmeans_optimal.h"
#include "compression/sorted_values.h"
#include "core/kernels/parallel.h"
#include "core/random.h"
#include "glog/logging.h"

namespace espalier {
namespace {

using Centroids = std::vector<double>;  // ascending

Centroids StartLinear(const SortedValues& values, int clusters) {
  const double low = values[0], high = values[values.size() - 1];
  Centroids centroids;
  for (int i = 0; i < clusters; ++i) {
    centroids.push_back(clusters == 1 ? (low + high) / 2 : low + (high - low) * i / (clusters - 1));
  }
  return centroids;
}

Centroids StartDensity(const SortedValues& values, int clusters) {
  Centroids centroids;
  for (int64_t i = 0; i < clusters; ++i) centroids.push_back(values[(2 * i + 1) * values.size() / (2 * clusters)]);
  return centroids;
}

Centroids StartRandom(const SortedValues& values, int clusters, uint64_t seed) {
  const int64_t count = std::min<int64_t>(clusters, values.size());
  Centroids centroids;
  for (int64_t i = 0; i < count; ++i) {
    centroids.push_back(values[static_cast<int64_t>(PermutedIndex(i, values.size(), seed, "kmeans", 0))]);
  }
  std::sort(centroids.begin(), centroids.end());
  return centroids;
}

// Draws from a sample of the values where there are many: each draw goes once over them.
Centroids StartPlusPlus(const SortedValues& values, int clusters, uint64_t seed) {
  constexpr int64_t kSample = 1 << 16;
  const int64_t count = std::min(values.size(), kSample);
  std::vector<double> sample(count), distance(count, std::numeric_limits<double>::infinity());
  for (int64_t i = 0; i < count; ++i) sample[i] = values[(2 * i + 1) * values.size() / (2 * count)];
  Random random(seed, "kmeans++", 0, 0);
  Centroids centroids = {sample[random.Below(static_cast<uint32_t>(count))]};
  while (static_cast<int>(centroids.size()) < clusters) {
    double total = 0;
    for (int64_t i = 0; i < count; ++i) {
      const double d = sample[i] - centroids.back();
      distance[i] = std::min(distance[i], d * d);
      total += distance[i];
    }
    if (total == 0) break;  // each value is a centroid
    double left = random.Uniform() * total;
    int64_t chosen = 0;
    while (chosen + 1 < count && (left -= distance[chosen]) >= 0) ++chosen;
    centroids.push_back(sample[chosen]);
  }
  std::sort(centroids.begin(), centroids.end());
  return centroids;
}

Centroids Start(const SortedValues& values, const KMeansOptions& options) {
  switch (options.start) {
    case KMeansStart::kLinear:
      return StartLinear(values, options.clusters);
    case KMeansStart::kDensity:
      return StartDensity(values, options.clusters);
    case KMeansStart::kRandom:
      return StartRandom(values, options.clusters, options.seed);
    case KMeansStart::kPlusPlus:
      return StartPlusPlus(values, options.clusters, options.seed);
    case KMeansStart::kOptimal:
      break;
  }
  LOG(FATAL) << "no start";
}

// Bounds of the clusters: cluster i is values [bounds[i], bounds[i + 1]).
std::vector<int64_t> BoundsOf(const SortedValues& values, const Centroids& centroids) {
  std::vector<int64_t> bounds = {0};
  for (size_t i = 0; i + 1 < centroids.size(); ++i) {
    bounds.push_back(values.CountUpTo((centroids[i] + centroids[i + 1]) / 2));
  }
  bounds.push_back(values.size());
  return bounds;
}

// Lloyd's algorithm; a cluster that has lost all its values stays where it was.
void Refine(const SortedValues& values, int max_iterations, Centroids* centroids) {
  std::vector<int64_t> bounds = BoundsOf(values, *centroids);
  for (int iteration = 0; iteration < max_iterations; ++iteration) {
    for (size_t i = 0; i < centroids->size(); ++i) {
      const int64_t members = bounds[i + 1] - bounds[i];
      if (members > 0) (*centroids)[i] = values.Sum(bounds[i], bounds[i + 1]) / static_cast<double>(members);
    }
    std::vector<int64_t> moved = BoundsOf(values, *centroids);
    if (moved == bounds) return;
    bounds = std::move(moved);
  }
}

// As floats, without those that no value is nearest to.
std::vector<float> Rounded(const SortedValues& values, const Centroids& centroids) {
  std::vector<float> rounded;
  const std::vector<int64_t> bounds = BoundsOf(values, centroids);
  for (size_t i = 0; i < centroids.size(); ++i) {
    const float centroid = static_cast<float>(centroids[i]);
    const bool is_new = rounded.empty() || rounded.back() < centroid;
    if (bounds[i] < bounds[i + 1] && is_new) rounded.push_back(centroid);
  }
  return rounded;
}

}  // namespace

std::vector<float> KMeans(std::vector<float> values, const KMeansOptions& options) {
  CHECK(!values.empty());
  CHECK_GE(options.clusters, 1);
  const SortedValues sorted(std::move(values));
  if (options.start == KMeansStart::kOptimal) return Rounded(sorted, OptimalCentroids(sorted, options.clusters));
  Centroids centroids = Start(sorted, options);
  Refine(sorted, options.max_iterations, &centroids);
  return Rounded(sorted, centroids);
}

double KMeansCost(absl::Span<const float> values, absl::Span<const float> centroids) {
  double cost = 0;
  for (float value : values) {
    double nearest = std::numeric_limits<double>::infinity();
    for (float centroid : centroids) nearest = std::min(nearest, std::abs(double{value} - double{centroid}));
    cost += nearest * nearest;
  }
  return cost;
}

namespace {

// Bounds between neighbouring centroids, and where to begin the search for a value: the range of the bounds is cut into
// many more cells than there are bounds, so that few steps are left.
class NearestTable {
 public:
  explicit NearestTable(absl::Span<const float> centroids) {
    above_.fill(std::numeric_limits<float>::infinity());
    const int bounds = static_cast<int>(centroids.size()) - 1;
    for (int i = 0; i < bounds; ++i) above_[i] = FloatBelow((double{centroids[i]} + double{centroids[i + 1]}) / 2);
    if (bounds < 2 || !(above_[0] < above_[bounds - 1])) return;
    low_ = above_[0];
    scale_ = kCells / (above_[bounds - 1] - low_);
    if (!std::isfinite(scale_)) scale_ = 0;
    for (int i = 0, cell = 0; i < bounds; ++i) {
      for (const int last = CellOf(above_[i]); cell < last;) first_[++cell] = static_cast<uint8_t>(i);
    }
    for (int cell = CellOf(above_[bounds - 1]) + 1; cell <= kCells; ++cell) first_[cell] = first_[cell - 1];
  }

  uint8_t Find(float value) const {
    uint8_t position = first_[CellOf(value)];
    while (value > above_[position]) ++position;
    return position;
  }

 private:
  static constexpr int kCells = 4096;

  // The largest float that is not above: `value > bound` says the same of either.
  static float FloatBelow(double bound) {
    const float rounded = static_cast<float>(bound);
    return rounded > bound ? std::nextafter(rounded, -std::numeric_limits<float>::infinity()) : rounded;
  }
  // Never falls as the value rises.
  int CellOf(float value) const {
    return static_cast<int>(std::clamp((value - low_) * scale_, 0.0f, static_cast<float>(kCells)));
  }

  float low_ = 0, scale_ = 0;
  std::array<float, 256> above_;  // above_[i]: the bound between centroids i and i + 1; infinity after the last
  std::array<uint8_t, kCells + 1> first_ = {};  // by cell: bounds that lie in cells before it
};

}  // namespace

void NearestCentroids(absl::Span<const float> values, absl::Span<const float> centroids, uint8_t* nearest) {
  CHECK(!centroids.empty() && centroids.size() <= 256u);
  const NearestTable table(centroids);
  ParallelRanges(static_cast<int64_t>(values.size()), 64, kSerialElements, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) nearest[i] = table.Find(values[i]);
  });
}

}  // namespace espalier
