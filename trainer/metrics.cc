#include "trainer/metrics.h"

#include <utility>

#include "absl/strings/string_view.h"
#include "core/files/json_lines.h"

namespace espalier {
absl::StatusOr<MetricsWriter> MetricsWriter::Create(FileSystem* files, const std::string& path) {
  ASSIGN_OR_RETURN(LogFile file, LogFile::Create(files, path));
  return MetricsWriter(std::move(file));
}

absl::StatusOr<MetricsWriter> MetricsWriter::Resume(FileSystem* files, const std::string& path, int64_t step,
                                                    bool keep_validation) {
  ASSIGN_OR_RETURN(const uint64_t size, TruncateMetricsAfter(files, path, step, keep_validation));
  ASSIGN_OR_RETURN(LogFile file, LogFile::Continue(files, path, size));
  return MetricsWriter(std::move(file));
}

absl::Status MetricsWriter::Write(const MetricsRecord& record) { return file_.Append(ToJson(record) + "\n"); }

absl::StatusOr<uint64_t> TruncateMetricsAfter(FileSystem* files, const std::string& path, int64_t step,
                                              bool keep_validation) {
  return CutJsonLines(files, path, [&](absl::string_view line) -> absl::StatusOr<bool> {
    ASSIGN_OR_RETURN(const MetricsRecord record, ParseMetricsRecord(line));
    return record.step < step ||
           (record.step == step && (keep_validation || record.split != MetricsRecord::Split::kValidation));
  });
}

}  // namespace espalier
