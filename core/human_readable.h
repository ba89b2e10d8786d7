// Numbers as people read them: in progress lines, tables and summaries. Never for files that programs read.
#ifndef ESPALIER_CORE_HUMAN_READABLE_H_
#define ESPALIER_CORE_HUMAN_READABLE_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace espalier {

// "11,689,512".
std::string FormatCount(int64_t count);

// Three significant digits in powers of 1000: "0 B", "999 B", "1.00 kB", "46.8 MB", "1.20 GB".
std::string FormatBytes(uint64_t bytes);

// "0:07", "2:13", "1:02:45", "3d 04:12" (days, hours, minutes). Rounded to the nearest second; "?" for a negative or
// non-finite number of seconds.
std::string FormatDuration(double seconds);

// A positive figure such as a rate, to three digits or to the unit: "0.0312", "7.25", "61.2", "612", "12,345".
std::string FormatFigure(double value);

// A fraction as a percentage with two decimals: 0.84213 is "84.21%".
std::string FormatPercent(double fraction);

// Columns that UTF-8 text takes, one a code point.
int ColumnsOf(absl::string_view text);

// The first `columns` columns of UTF-8 text.
absl::string_view TrimToColumns(absl::string_view text, int columns);

}  // namespace espalier

#endif  // ESPALIER_CORE_HUMAN_READABLE_H_
