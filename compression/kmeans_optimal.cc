#include "compression/kmeans_optimal.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "compression/kmeans.h"
#include "glog/logging.h"

namespace espalier {
namespace {

class OptimalClusters {
 public:
  // Sums are of distances to the median, so that differences of large sums lose little.
  OptimalClusters(const SortedValues& values, int clusters)
      : size_(values.size()), sum_(size_ + 1), squares_(size_ + 1), cost_(size_ + 1), next_(size_ + 1) {
    const double origin = values[size_ / 2];
    for (int64_t i = 0; i < size_; ++i) {
      const double d = values[i] - origin;
      sum_[i + 1] = sum_[i] + d;
      squares_[i + 1] = squares_[i] + d * d;
    }
    for (int64_t j = 0; j <= size_; ++j) cost_[j] = CostOf(0, j);
    for (int k = 1; k < clusters; ++k) {
      begin_.emplace_back(size_ + 1);
      FillRow(k + 1, size_, k, size_);
      std::swap(cost_, next_);
    }
  }

  // Bounds of the clusters, from 0 to the number of values.
  std::vector<int64_t> Bounds() const {
    std::vector<int64_t> bounds = {size_};
    for (auto row = begin_.rbegin(); row != begin_.rend(); ++row) bounds.push_back((*row)[bounds.back()]);
    bounds.push_back(0);
    std::reverse(bounds.begin(), bounds.end());
    return bounds;
  }

 private:
  // The sum of squared distances of values [begin, end) to their mean.
  double CostOf(int64_t begin, int64_t end) const {
    if (end - begin <= 1) return 0;
    const double sum = sum_[end] - sum_[begin];
    return std::max(0.0, squares_[end] - squares_[begin] - sum * sum / static_cast<double>(end - begin));
  }

  // next_[j] for j in [first, last]: the last cluster begins in [low, high].
  void FillRow(int64_t first, int64_t last, int64_t low, int64_t high) {
    if (first > last) return;
    const int64_t j = first + (last - first) / 2;
    double best = std::numeric_limits<double>::infinity();
    int64_t best_begin = low;
    for (int64_t begin = low; begin <= std::min(high, j - 1); ++begin) {
      const double cost = cost_[begin] + CostOf(begin, j);
      if (cost < best) {
        best = cost;
        best_begin = begin;
      }
    }
    next_[j] = best;
    begin_.back()[j] = static_cast<uint32_t>(best_begin);
    FillRow(first, j - 1, low, best_begin);
    FillRow(j + 1, last, best_begin, high);
  }

  const int64_t size_;
  std::vector<double> sum_, squares_;         // of the first i values
  std::vector<double> cost_, next_;           // of the first j values in so many clusters, and in one more
  std::vector<std::vector<uint32_t>> begin_;  // by clusters less two, then j: where the last cluster begins
};

}  // namespace

std::vector<double> OptimalCentroids(const SortedValues& values, int clusters) {
  clusters = static_cast<int>(std::min<int64_t>(clusters, values.size()));
  CHECK_LE(values.size() * clusters, kOptimalKMeansLimit);
  const std::vector<int64_t> bounds = OptimalClusters(values, clusters).Bounds();
  std::vector<double> centroids;
  for (size_t i = 0; i + 1 < bounds.size(); ++i) {
    centroids.push_back(values.Sum(bounds[i], bounds[i + 1]) / static_cast<double>(bounds[i + 1] - bounds[i]));
  }
  return centroids;
}

}  // namespace espalier
