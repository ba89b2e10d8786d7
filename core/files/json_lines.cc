#include "core/files/json_lines.h"

#include "absl/strings/str_cat.h"

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

absl::Status ReadJsonLines(FileSystem* files, const std::string& path,
                           const std::function<absl::Status(absl::string_view line)>& take) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(files, path, kMaximumFileBytes));
  for (LineReader reader(text); reader.Next();) {
    const absl::Status status = take(reader.line());
    if (!status.ok()) return InLine(status, path, reader.number());
  }
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> CutJsonLines(FileSystem* files, const std::string& path,
                                      const std::function<absl::StatusOr<bool>(absl::string_view line)>& stays) {
  const absl::StatusOr<std::string> text = ReadFile(files, path, kMaximumFileBytes);
  if (absl::IsNotFound(text.status())) return 0;
  RETURN_IF_ERROR(text.status());
  uint64_t kept = 0;
  absl::Status dropped;  // what is wrong with the first line to go, if one that stays follows it
  for (LineReader reader(*text); reader.Next();) {
    const absl::StatusOr<bool> stay = stays(reader.line());
    if (stay.ok() && *stay) {
      if (!dropped.ok()) return dropped;
      kept = reader.end();
    } else if (dropped.ok()) {
      dropped = stay.ok() ? absl::DataLossError("the steps are not in order") : stay.status();
      dropped = InLine(dropped, path, reader.number());
    }
  }
  if (kept < text->size()) RETURN_IF_ERROR(files->Truncate(path, kept));
  return kept;
}

}  // namespace espalier
