// How long it takes to cluster the weights of one layer:
//   bazel run //tests/benchmarks:kmeans_benchmark -- --weights 100000000 --bits 8
// Draws weights from a bell curve, clusters them into 2^bits - 1 centroids from every start, and codes them. The exact
// optimum comes in where its memory suffices.
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/str_format.h"
#include "compression/kmeans.h"
#include "core/clock.h"
#include "core/random.h"

ABSL_FLAG(int64_t, weights, 100000000, "how many weights");
ABSL_FLAG(int, bits, 8, "of a code");

namespace espalier {
namespace {

std::vector<float> Weights(int64_t count) {
  Random random(1, "kmeans benchmark", 0, 0);
  std::vector<float> weights(count);
  for (float& weight : weights) weight = random.Uniform(-1, 1) + random.Uniform(-1, 1) + random.Uniform(-1, 1);
  return weights;
}

void Run() {
  const std::vector<float> weights = Weights(absl::GetFlag(FLAGS_weights));
  const std::vector<std::pair<std::string, KMeansStart>> starts = {{"linear", KMeansStart::kLinear},
                                                                   {"density", KMeansStart::kDensity},
                                                                   {"random", KMeansStart::kRandom},
                                                                   {"k-means++", KMeansStart::kPlusPlus},
                                                                   {"optimal", KMeansStart::kOptimal}};
  std::vector<uint8_t> codes(weights.size());
  for (const auto& [name, start] : starts) {
    KMeansOptions options;
    options.clusters = (1 << absl::GetFlag(FLAGS_bits)) - 1;
    options.start = start;
    if (start == KMeansStart::kOptimal && absl::GetFlag(FLAGS_weights) * options.clusters > kOptimalKMeansLimit)
      continue;
    const double begin = SteadySeconds();
    const std::vector<float> centroids = KMeans(weights, options);
    const double clustered = SteadySeconds();
    NearestCentroids(weights, centroids, codes.data());
    const double coded = SteadySeconds();
    double cost = 0;
    for (size_t i = 0; i < weights.size(); ++i) {
      const double distance = double{weights[i]} - double{centroids[codes[i]]};
      cost += distance * distance;
    }
    std::cout << absl::StreamFormat("%-10s %d centroids, clustered in %.3f s, coded in %.3f s, mean square %.3e\n",
                                    name, centroids.size(), clustered - begin, coded - clustered,
                                    cost / static_cast<double>(weights.size()));
  }
}

}  // namespace
}  // namespace espalier

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  espalier::Run();
}
