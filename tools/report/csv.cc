#include "tools/report/csv.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace espalier {
namespace {

constexpr uint64_t kMaximumBytes = 64 << 20;

// Takes a text apart, record by record.
class Scanner {
 public:
  explicit Scanner(absl::string_view text) : text_(text) {}

  bool AtEnd() const { return at_ == text_.size(); }
  int64_t line() const { return line_; }  // of the record taken last, from 1

  // A record and its line end.
  absl::StatusOr<std::vector<std::string>> Record() {
    line_ += line_ends_;
    line_ends_ = 0;
    std::vector<std::string> cells;
    do {
      ASSIGN_OR_RETURN(cells.emplace_back(), Cell());
    } while (Take(','));
    Take('\r');
    if (!AtEnd() && !TakeLineEnd()) return Error("a comma or the line's end", text_.substr(at_, 1));
    return cells;
  }

 private:
  absl::StatusOr<std::string> Cell() {
    if (!Take('"')) {
      const size_t end = std::min(text_.find_first_of(",\r\n\"", at_), text_.size());
      std::string cell(text_.substr(at_, end - at_));
      at_ = end;
      return cell;
    }
    std::string cell;
    while (true) {
      if (AtEnd()) return Error("a closing quote", "the end");
      if (Take('"')) {
        if (!Take('"')) return cell;
        cell.push_back('"');
      } else if (TakeLineEnd()) {
        cell.push_back('\n');
      } else {
        cell.push_back(text_[at_++]);
      }
    }
  }
  bool Take(char c) {
    if (AtEnd() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool TakeLineEnd() {
    if (!Take('\n')) return false;
    ++line_ends_;
    return true;
  }
  absl::Status Error(absl::string_view expected, absl::string_view found) const {
    return absl::InvalidArgumentError(absl::StrCat("line ", line_, ": expected ", expected, ", found ", found));
  }

  absl::string_view text_;
  size_t at_ = 0;
  int64_t line_ = 1, line_ends_ = 0;  // within the record being taken
};

}  // namespace

std::optional<size_t> CsvTable::Column(absl::string_view name) const {
  const auto found = std::find(header.begin(), header.end(), name);
  if (found == header.end()) return std::nullopt;
  return found - header.begin();
}

std::optional<double> CsvTable::Number(size_t row, size_t column) const {
  double value = 0;
  if (!absl::SimpleAtod(rows[row][column], &value) || !std::isfinite(value)) return std::nullopt;
  return value;
}

bool CsvTable::IsNumeric(size_t column) const {
  bool any = false;
  for (size_t row = 0; row < rows.size(); ++row) {
    const bool number = Number(row, column).has_value();
    if (!number && !rows[row][column].empty()) return false;
    any = any || number;
  }
  return any;
}

absl::StatusOr<CsvTable> ParseCsv(absl::string_view text) {
  Scanner scanner(text);
  CsvTable table;
  ASSIGN_OR_RETURN(table.header, scanner.Record());
  if (table.header[0].empty()) return absl::InvalidArgumentError("line 1: expected the columns' names, found none");
  while (!scanner.AtEnd()) {
    ASSIGN_OR_RETURN(std::vector<std::string> row, scanner.Record());
    const bool blank = row.size() == 1 && row[0].empty();
    if (blank) continue;
    if (row.size() != table.header.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", scanner.line(), ": expected ", table.header.size(), " cells, found ", row.size()));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

absl::StatusOr<CsvTable> ReadCsv(FileSystem* files, const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(files, path, kMaximumBytes));
  absl::StatusOr<CsvTable> table = ParseCsv(text);
  if (!table.ok()) return absl::Status(table.status().code(), absl::StrCat(path, ", ", table.status().message()));
  return table;
}

}  // namespace espalier
