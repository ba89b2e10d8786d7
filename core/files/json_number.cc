#include "core/files/json_number.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"

namespace espalier {
namespace {

constexpr absl::string_view kNaN = "NaN", kInfinity = "Infinity", kMinusInfinity = "-Infinity";

template <typename Float>
void Append(Float value, std::string* json) {
  if (!std::isfinite(value)) {
    *json += JsonQuoted(std::isnan(value) ? kNaN : value > 0 ? kInfinity : kMinusInfinity);
    return;
  }
  char text[32];
  json->append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

template <typename Number>
absl::Status Read(JsonScanner& scanner, Number* number) {
  ASSIGN_OR_RETURN(const std::string text, scanner.Number());
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  if (error != std::errc() || stop != text.data() + text.size()) {
    return scanner.Error(absl::StrCat("before this a number of its type and range instead of ", text));
  }
  return absl::OkStatus();
}

template <typename Float>
absl::Status ReadFloat(JsonScanner& scanner, Float* number) {
  if (!scanner.AtString()) return Read(scanner, number);
  ASSIGN_OR_RETURN(const std::string name, scanner.String());
  if (name == kNaN) {
    *number = std::numeric_limits<Float>::quiet_NaN();
  } else if (name == kInfinity || name == kMinusInfinity) {
    *number = name == kInfinity ? INFINITY : -INFINITY;
  } else {
    return scanner.Error(absl::StrCat("before this a number instead of ", JsonQuoted(name)));
  }
  return absl::OkStatus();
}

}  // namespace

void AppendJsonNumber(float value, std::string* json) { Append(value, json); }
void AppendJsonNumber(double value, std::string* json) { Append(value, json); }

absl::Status ReadJsonNumber(JsonScanner& scanner, int64_t* number) { return Read(scanner, number); }
absl::Status ReadJsonNumber(JsonScanner& scanner, float* number) { return ReadFloat(scanner, number); }
absl::Status ReadJsonNumber(JsonScanner& scanner, double* number) { return ReadFloat(scanner, number); }

}  // namespace espalier
