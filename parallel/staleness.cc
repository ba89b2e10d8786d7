#include "parallel/staleness.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "glog/logging.h"

namespace espalier {

void StalenessHistogram::Add(int64_t staleness) {
  CHECK_GE(staleness, 0);
  if (staleness >= static_cast<int64_t>(counts_.size())) counts_.resize(staleness + 1);
  ++counts_[staleness];
}

int64_t StalenessHistogram::steps() const {
  int64_t sum = 0;
  for (int64_t count : counts_) sum += count;
  return sum;
}

double StalenessHistogram::mean() const {
  double sum = 0;
  for (size_t i = 0; i < counts_.size(); ++i) sum += static_cast<double>(i) * static_cast<double>(counts_[i]);
  return sum / static_cast<double>(std::max<int64_t>(steps(), 1));
}

std::string StalenessTable(const std::vector<StalenessHistogram>& workers) {
  // The columns' first staleness; each ends where the next begins.
  constexpr int64_t kBegins[] = {0, 1, 2, 3, 4, 8, 16};
  std::string text = "staleness of the weights, in steps of the slowest other worker; share of steps:\n";
  absl::StrAppend(&text, "worker    steps    mean     max       0       1       2       3     4-7    8-15     16+\n");
  for (size_t worker = 0; worker < workers.size(); ++worker) {
    const std::vector<int64_t>& counts = workers[worker].counts();
    const int64_t steps = workers[worker].steps();
    absl::StrAppendFormat(&text, "%6d %8d %7.2f %7d", worker, steps, workers[worker].mean(),
                          std::max<int64_t>(static_cast<int64_t>(counts.size()) - 1, 0));
    for (size_t column = 0; column < std::size(kBegins); ++column) {
      const int64_t size = static_cast<int64_t>(counts.size());
      const int64_t end = column + 1 < std::size(kBegins) ? std::min(kBegins[column + 1], size) : size;
      int64_t sum = 0;
      for (int64_t i = kBegins[column]; i < end; ++i) sum += counts[i];
      absl::StrAppendFormat(&text, " %6.1f%%", 100.0 * static_cast<double>(sum) / std::max<double>(1, steps));
    }
    text += '\n';
  }
  return text;
}

absl::Status WriteStalenessCsv(FileSystem* files, const std::string& path,
                               const std::vector<StalenessHistogram>& workers) {
  std::string text = "worker,staleness,steps\n";
  for (size_t worker = 0; worker < workers.size(); ++worker) {
    const std::vector<int64_t>& counts = workers[worker].counts();
    for (size_t staleness = 0; staleness < counts.size(); ++staleness) {
      if (counts[staleness] > 0) absl::StrAppend(&text, worker, ",", staleness, ",", counts[staleness], "\n");
    }
  }
  return WriteFileAtomically(files, path, text);
}

}  // namespace espalier
