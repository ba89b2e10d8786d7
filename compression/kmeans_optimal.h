// The exact optimum of k-means in one dimension.
#ifndef ESPALIER_COMPRESSION_KMEANS_OPTIMAL_H_
#define ESPALIER_COMPRESSION_KMEANS_OPTIMAL_H_

#include <vector>

#include "compression/sorted_values.h"

namespace espalier {

// Centroids, ascending, of the clusters with the smallest sum of squared distances; fewer than `clusters` where there
// are fewer values. Dynamic programming over (clusters, values): the best last cluster of the first j values begins no
// earlier than that of the first j - 1, so that halving finds a row in O(n log n) (Wang and Song 2011; Gronlund et al.
// 2017). Time O(clusters * n log n), memory 4 * clusters * n bytes, at most 4 * kOptimalKMeansLimit.
std::vector<double> OptimalCentroids(const SortedValues& values, int clusters);

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_KMEANS_OPTIMAL_H_
