// k-means of numbers: which few values stand best for many, by the sum of squared distances.
//
// In one dimension clusters are ranges of the sorted values, so a pass of Lloyd's algorithm needs but the ranges'
// bounds and sums: O(clusters * log(values)) after one sort.
#ifndef ESPALIER_COMPRESSION_KMEANS_H_
#define ESPALIER_COMPRESSION_KMEANS_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace espalier {

enum class KMeansStart {
  kLinear,    // evenly over [smallest, largest]: keeps the few large weights, which matter (Han et al. 2016)
  kDensity,   // at even steps of the cumulative distribution
  kRandom,    // distinct positions, evenly drawn
  kPlusPlus,  // drawn with the squared distance to those before (Arthur and Vassilvitskii 2007)
  kOptimal,   // no start: the exact optimum
};

struct KMeansOptions {
  int clusters = 16;
  KMeansStart start = KMeansStart::kLinear;
  uint64_t seed = 1;         // of kRandom and kPlusPlus
  int max_iterations = 200;  // Lloyd's; it stops earlier, as soon as nothing moves
};

// Of kOptimal: the most that values times clusters may be. It keeps four bytes for each.
inline constexpr int64_t kOptimalKMeansLimit = int64_t{1} << 27;

// The centroids, ascending: at most `clusters`, each with a value at least. Values are finite, at least one. The result
// depends on the set of values alone, not on their order.
std::vector<float> KMeans(std::vector<float> values, const KMeansOptions& options);

// The sum of squared distances to the nearest centroid.
double KMeansCost(absl::Span<const float> values, absl::Span<const float> centroids);

// nearest[i]: the position of the centroid nearest to values[i], the lower of two equally near ones. Centroids are
// ascending, at most 256. Over all threads where there is enough to do.
void NearestCentroids(absl::Span<const float> values, absl::Span<const float> centroids, uint8_t* nearest);

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_KMEANS_H_
