// One measurement of a training run and its text: a line of metrics.jsonl.
//
//   {"step":782,"epoch":2,"phase":"dense","split":"validation","loss":0.41,"top1":0.862,"learning_rate":0.1}
//
// Keys stand in a fixed order and numbers are the shortest text that reads back to the same bits, so equal records are
// equal text. The one wall-clock figure, images_per_s, stands last: without it the lines of a resumed run equal those
// of an uninterrupted one. JSON has no literals for non-finite numbers; they are the strings "NaN", "Infinity" and
// "-Infinity".
#ifndef ESPALIER_TOOLS_METRICS_RECORD_H_
#define ESPALIER_TOOLS_METRICS_RECORD_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/files/file_system.h"

namespace espalier {

struct MetricsRecord {
  enum class Split { kTrain, kValidation };

  int64_t step = 0;  // optimizer steps done since the job began
  double epoch = 0;  // passes over the training data done since the job began, all phases counted
  std::string phase;
  Split split = Split::kTrain;
  float loss = 0;             // mean over samples: since the last train record, or of the validation split
  std::optional<float> top1;  // fraction in [0, 1]
  std::optional<float> top5;  // fraction in [0, 1]
  std::optional<float> learning_rate;
  std::optional<float> sparsity;  // share of weights, biases and norms apart, that are pruned
  std::vector<std::pair<std::string, float>>
      more;  // further figures, such as {"gradient_norm", 1.5}; no key from above
  std::optional<float> images_per_s;
};

// "train" or "validation".
absl::string_view Name(MetricsRecord::Split split);

// The line, without its newline.
std::string ToJson(const MetricsRecord& record);

// Reads a line back: a flat JSON object with keys in any order, of which those before "top1" are required;
// unknown keys with numbers go to `more`. Errors say what was expected at which byte of the line.
absl::StatusOr<MetricsRecord> ParseMetricsRecord(absl::string_view line);

// All records of a file but a torn last line. An error names the line that cannot be read.
absl::StatusOr<std::vector<MetricsRecord>> ReadMetrics(FileSystem* files, const std::string& path);

// The text of a metrics file without its wall-clock figures, for comparing runs.
std::string WithoutTiming(absl::string_view lines);

}  // namespace espalier

#endif  // ESPALIER_TOOLS_METRICS_RECORD_H_
