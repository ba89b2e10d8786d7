// Aligned text tables for people: reports of a network's layers, of time per operator, of files.
//
//   layer  output        parameters
//   -----  ------------  ----------
//   conv1  [20, 24, 24]         520
#ifndef ESPALIER_TOOLS_TABLE_H_
#define ESPALIER_TOOLS_TABLE_H_

#include <string>
#include <vector>

namespace espalier {

class TextTable {
 public:
  enum class Align { kLeft, kRight };
  struct Column {
    std::string header;
    Align align = Align::kLeft;
  };

  explicit TextTable(std::vector<Column> columns);

  // One cell for each column.
  void AddRow(std::vector<std::string> cells);
  // A line across; several in a row, and one before the first row, count as one.
  void AddSeparator();
  // A row for the sums, below a line.
  void AddTotals(std::vector<std::string> cells);

  // Lines that each end with a newline and have no blanks before it, `indent` columns from the left. The header and the
  // line below it are left out if all headers are empty.
  std::string ToString(int indent = 0) const;

 private:
  using Row = std::vector<std::string>;  // empty: a separator

  std::vector<Column> columns_;
  std::vector<Row> rows_;
};

}  // namespace espalier

#endif  // ESPALIER_TOOLS_TABLE_H_
