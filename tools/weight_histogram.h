// How the weights of one parameter are distributed at one moment of a run, and its text: a line of histograms.jsonl.
//
//   {"step":1875,"epoch":2,"phase":"prune","moment":"end","parameter":"fc1/weight","elements":235200,"zeros":211680,
//    "width":0.00390625,"first":-57,"counts":[1,0,4,...]}                                          (all in one line)
//
// Bins are `width` wide, a power of two, and begin at its multiples: two of them are exactly one of twice their width,
// so that histograms of different moments can be brought to the same bins. Weights that are exactly 0, such as pruned
// ones, are counted apart.
#ifndef ESPALIER_TOOLS_WEIGHT_HISTOGRAM_H_
#define ESPALIER_TOOLS_WEIGHT_HISTOGRAM_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/files/file_system.h"
#include "core/status.h"

namespace espalier {

struct WeightHistogram {
  static constexpr int64_t kBins = 256;  // at most; bin i from -128 to 127
  // At a phase's beginning its pruning is done already; what was there before stands at the end of the phase before.
  enum class Moment { kBegin, kValidation, kEnd };

  int64_t step = 0;  // optimizer steps done since the job began
  double epoch = 0;  // passes over the training data done since the job began
  std::string phase;
  Moment moment = Moment::kBegin;
  std::string parameter;

  int64_t elements = 0;  // those that are not finite are in no bin
  int64_t zeros = 0;
  double width = 1;             // the least power of two for which all weights fit into the bins
  int64_t first = 0;            // the first bin that is not empty
  std::vector<int64_t> counts;  // counts[k]: the weights, but for zeros, in [first + k, first + k + 1) * width
};

// "begin", "validation" or "end".
absl::string_view Name(WeightHistogram::Moment moment);

// Sets all from `elements` on. Equal for any number of threads.
void CountWeights(absl::Span<const float> weights, WeightHistogram* histogram);

// In bins that are `width` wide: a power of two, and not less than the histogram's own width.
WeightHistogram InBinsOf(double width, const WeightHistogram& histogram);

// The line, without its newline.
std::string ToJson(const WeightHistogram& histogram);
// Reads a line back. Errors say what was expected at which byte, or what does not add up.
absl::StatusOr<WeightHistogram> ParseWeightHistogram(absl::string_view line);

// All lines of a file but a torn last one. An error names the line that cannot be read.
absl::StatusOr<std::vector<WeightHistogram>> ReadWeightHistograms(FileSystem* files, const std::string& path);

}  // namespace espalier

#endif  // ESPALIER_TOOLS_WEIGHT_HISTOGRAM_H_
