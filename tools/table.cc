#include "tools/table.h"

#include <algorithm>
#include <utility>

#include "core/human_readable.h"
#include "glog/logging.h"

namespace espalier {
namespace {

constexpr char kGap[] = "  ";

}  // namespace

TextTable::TextTable(std::vector<Column> columns) : columns_(std::move(columns)) { CHECK(!columns_.empty()); }

void TextTable::AddRow(std::vector<std::string> cells) {
  CHECK_EQ(cells.size(), columns_.size());
  rows_.push_back(std::move(cells));
}

void TextTable::AddSeparator() {
  if (!rows_.empty() && !rows_.back().empty()) rows_.emplace_back();
}

void TextTable::AddTotals(std::vector<std::string> cells) {
  AddSeparator();
  AddRow(std::move(cells));
}

std::string TextTable::ToString(int indent) const {
  std::vector<int> widths;
  Row header, separator;
  bool has_header = false;
  for (size_t i = 0; i < columns_.size(); ++i) {
    header.push_back(columns_[i].header);
    has_header |= !columns_[i].header.empty();
    int width = ColumnsOf(columns_[i].header);
    for (const Row& row : rows_) width = std::max(width, row.empty() ? 0 : ColumnsOf(row[i]));
    widths.push_back(width);
    separator.push_back(std::string(width, '-'));
  }
  std::string text;
  const auto append = [&](const Row& cells) {
    std::string line(indent, ' ');
    for (size_t i = 0; i < cells.size(); ++i) {
      const std::string padding(widths[i] - ColumnsOf(cells[i]), ' ');
      if (i > 0) line += kGap;
      line += columns_[i].align == Align::kRight ? padding + cells[i] : cells[i] + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  };
  if (has_header) {
    append(header);
    append(separator);
  }
  for (const Row& row : rows_) append(row.empty() ? separator : row);
  return text;
}

}  // namespace espalier
