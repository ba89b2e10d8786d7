#include "compression/share_weights.h"

#include <algorithm>
#include <memory>

#include "compression/codebook.h"
#include "compression/kmeans.h"

namespace espalier {
namespace {

Codebook* CodebookOf(int parameter, const WeightTransforms& transforms) {
  return static_cast<Codebook*>(transforms.Find(parameter, Codebook::kName));
}

// Clusters what is not zero, and writes codes and centroids.
void Cluster(const KMeansOptions& options, int64_t elements, float* weights, uint8_t* codes) {
  std::vector<float> values;
  std::copy_if(weights, weights + elements, std::back_inserter(values), [](float weight) { return weight != 0; });
  std::fill_n(codes, elements, uint8_t{0});
  if (values.empty()) return;
  std::vector<float> centroids = KMeans(values, options);
  // A mean that happens to be zero would be taken for pruned.
  for (float& centroid : centroids) centroid = centroid == 0 ? values[0] : centroid;
  std::sort(centroids.begin(), centroids.end());
  std::vector<uint8_t> nearest(elements);
  NearestCentroids({weights, static_cast<size_t>(elements)}, centroids, nearest.data());
  for (int64_t i = 0; i < elements; ++i) {
    if (weights[i] == 0) {
      weights[i] = 0;  // no negative zero: code 0 has the bits of 0
      continue;
    }
    codes[i] = static_cast<uint8_t>(nearest[i] + 1);
    weights[i] = centroids[nearest[i]];
  }
}

}  // namespace

void AddCodebooks(const std::vector<int>& parameters, const ParameterLayout& layout, WeightTransforms* transforms) {
  for (int parameter : parameters) {
    if (CodebookOf(parameter, *transforms) != nullptr) continue;
    transforms->Add(parameter, std::make_unique<Codebook>(layout[parameter].elements()));
  }
}

void BeginSharing(const PhaseSharing& sharing, bool restores_dense, const ParameterLayout& layout, float* weights,
                  ParameterOptimizer* optimizer, WeightTransforms* transforms) {
  if (restores_dense) transforms->Remove(Codebook::kName);
  AddCodebooks(sharing.shared, layout, transforms);
  for (const SharedParameter& share : sharing.shares) {
    Codebook* codebook = CodebookOf(share.parameter, *transforms);
    KMeansOptions options;
    options.clusters = (1 << share.bits) - 1;
    options.start = sharing.start;
    options.seed = static_cast<uint64_t>(share.parameter);
    const int64_t offset = layout[share.parameter].offset;
    Cluster(options, codebook->elements(), weights + offset, codebook->mutable_codes());
    for (int i = 0; i < optimizer->slot_count(); ++i) {
      codebook->ResetSlot(optimizer->slot(i) + offset, optimizer->slot_initial(i));
    }
  }
}

}  // namespace espalier
