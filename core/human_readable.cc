#include "core/human_readable.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace espalier {
namespace {

bool IsContinuationByte(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

}  // namespace

std::string FormatCount(int64_t count) {
  std::string digits = absl::StrCat(count);
  const int first = count < 0 ? 1 : 0;
  for (int position = static_cast<int>(digits.size()) - 3; position > first; position -= 3)
    digits.insert(position, ",");
  return digits;
}

std::string FormatBytes(uint64_t bytes) {
  if (bytes < 1000) return absl::StrCat(bytes, " B");
  static constexpr const char* kUnits[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
  double value = bytes / 1000.0;
  int unit = 0;
  // 999.5 would print as "1000".
  for (; value >= 999.5; ++unit) value /= 1000;
  const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return absl::StrFormat("%.*f %s", decimals, value, kUnits[unit]);
}

std::string FormatDuration(double seconds) {
  if (!(seconds >= 0) || seconds > 1e12) return "?";
  const int64_t total = std::llround(seconds);
  const int64_t days = total / 86400, hours = total / 3600 % 24, minutes = total / 60 % 60;
  if (days > 0) return absl::StrFormat("%dd %02d:%02d", days, hours, minutes);
  if (hours > 0) return absl::StrFormat("%d:%02d:%02d", hours, minutes, total % 60);
  return absl::StrFormat("%d:%02d", minutes, total % 60);
}

std::string FormatFigure(double value) {
  if (!std::isfinite(value)) return value > 0 ? "inf" : value < 0 ? "-inf" : "nan";
  const double size = std::fabs(value);
  if (size >= 999.5 && size < 1e18) return FormatCount(std::llround(value));
  if (size >= 99.95 && size < 999.5) return absl::StrFormat("%.0f", value);
  if (size >= 9.995 && size < 99.95) return absl::StrFormat("%.1f", value);
  if (size >= 0.9995 && size < 9.995) return absl::StrFormat("%.2f", value);
  return absl::StrFormat("%.3g", value);
}

std::string FormatPercent(double fraction) { return absl::StrFormat("%.2f%%", 100 * fraction); }

int ColumnsOf(absl::string_view text) {
  int columns = 0;
  for (const char c : text) columns += !IsContinuationByte(c);
  return columns;
}

absl::string_view TrimToColumns(absl::string_view text, int columns) {
  for (size_t size = 0; size < text.size(); ++size) {
    if (!IsContinuationByte(text[size]) && columns-- <= 0) return text.substr(0, size);
  }
  return text;
}

}  // namespace espalier
