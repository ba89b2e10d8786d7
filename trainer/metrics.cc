#include "trainer/metrics.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace espalier {
namespace {

constexpr uint64_t kMaximumFileBytes = uint64_t{1} << 31;

// Hands out the whole lines of a text; what follows the last newline is torn.
class LineReader {
 public:
  explicit LineReader(absl::string_view text) : text_(text) {}

  bool Next() {
    const size_t end = text_.find('\n', next_);
    if (end == text_.npos) return false;
    start_ = next_;
    next_ = end + 1;
    ++number_;
    return true;
  }
  absl::string_view line() const { return text_.substr(start_, next_ - 1 - start_); }
  size_t end() const { return next_; }
  int64_t number() const { return number_; }

 private:
  absl::string_view text_;
  size_t start_ = 0, next_ = 0;
  int64_t number_ = 0;
};

absl::Status InLine(const absl::Status& status, const std::string& path, int64_t line) {
  return absl::Status(status.code(), absl::StrCat(path, ", line ", line, ", ", status.message()));
}

}  // namespace

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
  const absl::StatusOr<std::string> text = ReadFile(files, path, kMaximumFileBytes);
  if (absl::IsNotFound(text.status())) return 0;
  RETURN_IF_ERROR(text.status());
  uint64_t kept = 0;
  // The first line to be dropped: of a later step, or what a crash left. None that must remain may follow it.
  absl::Status dropped;
  const auto stays = [&](const MetricsRecord& record) {
    return record.step < step ||
           (record.step == step && (keep_validation || record.split != MetricsRecord::Split::kValidation));
  };
  for (LineReader reader(*text); reader.Next();) {
    const absl::StatusOr<MetricsRecord> record = ParseMetricsRecord(reader.line());
    if (record.ok() && stays(*record)) {
      if (!dropped.ok()) return dropped;
      kept = reader.end();
    } else if (dropped.ok()) {
      dropped = record.ok() ? absl::DataLossError("the steps are not in order") : record.status();
      dropped = InLine(dropped, path, reader.number());
    }
  }
  if (kept < text->size()) RETURN_IF_ERROR(files->Truncate(path, kept));
  return kept;
}

absl::StatusOr<std::vector<MetricsRecord>> ReadMetrics(FileSystem* files, const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(files, path, kMaximumFileBytes));
  std::vector<MetricsRecord> records;
  for (LineReader reader(text); reader.Next();) {
    absl::StatusOr<MetricsRecord> record = ParseMetricsRecord(reader.line());
    if (!record.ok()) return InLine(record.status(), path, reader.number());
    records.push_back(*std::move(record));
  }
  return records;
}

}  // namespace espalier
