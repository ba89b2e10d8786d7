#include "trainer/metrics_record.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "core/status.h"

namespace espalier {
namespace {

constexpr std::string_view kNaN = "NaN", kInfinity = "Infinity", kMinusInfinity = "-Infinity";
constexpr std::string_view kTimingKey = ",\"images_per_s\":";

void AppendString(std::string_view text, std::string& json) {
  static constexpr char kHex[] = "0123456789abcdef";
  json += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      json += {'\\', c};
    } else if (static_cast<unsigned char>(c) < 0x20) {
      json += {'\\', 'u', '0', '0', kHex[c >> 4], kHex[c & 15]};
    } else {
      json += c;
    }
  }
  json += '"';
}

template <typename Float>
void AppendNumber(Float value, std::string& json) {
  if (!std::isfinite(value)) {
    return AppendString(std::isnan(value) ? kNaN : value > 0 ? kInfinity : kMinusInfinity, json);
  }
  char text[32];
  json.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

void AppendField(std::string_view key, std::optional<float> value, std::string& json) {
  if (!value) return;
  json += ',';
  AppendString(key, json);
  json += ':';
  AppendNumber(*value, json);
}

// Reads the tokens of one flat JSON object.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  // Passes over blanks and then `token`, if it comes next.
  bool Take(char token) {
    while (position_ < text_.size() && (text_[position_] == ' ' || text_[position_] == '\t')) ++position_;
    if (position_ == text_.size() || text_[position_] != token) return false;
    ++position_;
    return true;
  }

  bool AtEnd() {
    while (position_ < text_.size() && (text_[position_] == ' ' || text_[position_] == '\r')) ++position_;
    return position_ == text_.size();
  }

  absl::StatusOr<std::string> String() {
    if (!Take('"')) return Expected("'\"'");
    std::string result;
    while (position_ < text_.size() && text_[position_] != '"') {
      const char c = text_[position_++];
      if (static_cast<unsigned char>(c) < 0x20) return Expected("no control character in a string");
      if (c != '\\') {
        result += c;
        continue;
      }
      RETURN_IF_ERROR(Escape(result));
    }
    if (!Take('"')) return Expected("the end of the string");
    return result;
  }

  template <typename Number>
  absl::StatusOr<Number> ReadNumber() {
    if (Take('"')) {
      --position_;
      ASSIGN_OR_RETURN(const std::string name, String());
      if (std::numeric_limits<Number>::has_infinity) {
        if (name == kNaN) return std::numeric_limits<Number>::quiet_NaN();
        if (name == kInfinity) return std::numeric_limits<Number>::infinity();
        if (name == kMinusInfinity) return -std::numeric_limits<Number>::infinity();
      }
      return Expected("a number");
    }
    Number value = 0;
    const char* const begin = text_.data() + position_;
    const char* const end = text_.data() + text_.size();
    // from_chars would also take "inf" and "nan", which are not JSON.
    const char* const digit = begin != end && *begin == '-' ? begin + 1 : begin;
    if (digit == end || *digit < '0' || *digit > '9') return Expected("a number");
    const auto [stop, error] = std::from_chars(begin, end, value);
    if (error != std::errc()) return Expected("a number in range");
    position_ += stop - begin;
    return value;
  }

  absl::Status Expected(const std::string& what) const {
    std::string found = "the end";
    if (position_ < text_.size()) found = "'" + std::string(text_.substr(position_, 12)) + "'";
    return absl::DataLossError(absl::StrCat("byte ", position_, ": expected ", what, ", found ", found));
  }

 private:
  // The rest of an escape, after its backslash. Code points above the basic plane (surrogate pairs) are not read.
  absl::Status Escape(std::string& result) {
    static constexpr std::string_view kShort = "\"\\/bfnrt", kMeaning = "\"\\/\b\f\n\r\t";
    const char c = position_ < text_.size() ? text_[position_] : 0;
    if (const size_t index = kShort.find(c); c != 0 && index != kShort.npos) {
      ++position_;
      result += kMeaning[index];
      return absl::OkStatus();
    }
    unsigned code = 0;
    const char* const begin = text_.data() + position_ + 1;
    if (c != 'u' || text_.size() - position_ < 5 || std::from_chars(begin, begin + 4, code, 16).ptr != begin + 4 ||
        (code >= 0xD800 && code < 0xE000)) {
      return Expected("an escape sequence");
    }
    position_ += 5;
    if (code < 0x80) {
      result += static_cast<char>(code);
    } else if (code < 0x800) {
      result += {static_cast<char>(0xC0 | code >> 6), static_cast<char>(0x80 | (code & 0x3F))};
    } else {
      result += {static_cast<char>(0xE0 | code >> 12), static_cast<char>(0x80 | (code >> 6 & 0x3F)),
                 static_cast<char>(0x80 | (code & 0x3F))};
    }
    return absl::OkStatus();
  }

  std::string_view text_;
  size_t position_ = 0;
};

absl::Status ReadSplit(Scanner& scanner, MetricsRecord::Split& split) {
  ASSIGN_OR_RETURN(const std::string name, scanner.String());
  for (const auto candidate : {MetricsRecord::Split::kTrain, MetricsRecord::Split::kValidation}) {
    if (name != Name(candidate)) continue;
    split = candidate;
    return absl::OkStatus();
  }
  return scanner.Expected(absl::StrCat("before this \"train\" or \"validation\" instead of \"", name, "\""));
}

absl::Status ReadField(std::string_view key, Scanner& scanner, MetricsRecord& record) {
  if (key == "step") {
    ASSIGN_OR_RETURN(record.step, scanner.ReadNumber<int64_t>());
  } else if (key == "epoch") {
    ASSIGN_OR_RETURN(record.epoch, scanner.ReadNumber<double>());
  } else if (key == "phase") {
    ASSIGN_OR_RETURN(record.phase, scanner.String());
  } else if (key == "split") {
    return ReadSplit(scanner, record.split);
  } else {
    ASSIGN_OR_RETURN(const float value, scanner.ReadNumber<float>());
    if (key == "loss") {
      record.loss = value;
    } else if (key == "top1") {
      record.top1 = value;
    } else if (key == "top5") {
      record.top5 = value;
    } else if (key == "learning_rate") {
      record.learning_rate = value;
    } else if (key == "sparsity") {
      record.sparsity = value;
    } else if (key == "images_per_s") {
      record.images_per_s = value;
    } else {
      record.more.emplace_back(key, value);
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::string_view Name(MetricsRecord::Split split) {
  return split == MetricsRecord::Split::kTrain ? "train" : "validation";
}

std::string ToJson(const MetricsRecord& record) {
  std::string json = absl::StrCat("{\"step\":", record.step, ",\"epoch\":");
  AppendNumber(record.epoch, json);
  json += ",\"phase\":";
  AppendString(record.phase, json);
  json += ",\"split\":";
  AppendString(Name(record.split), json);
  AppendField("loss", record.loss, json);
  AppendField("top1", record.top1, json);
  AppendField("top5", record.top5, json);
  AppendField("learning_rate", record.learning_rate, json);
  AppendField("sparsity", record.sparsity, json);
  for (const auto& [key, value] : record.more) AppendField(key, value, json);
  AppendField("images_per_s", record.images_per_s, json);
  json += '}';
  return json;
}

absl::StatusOr<MetricsRecord> ParseMetricsRecord(std::string_view line) {
  Scanner scanner(line);
  MetricsRecord record;
  std::vector<std::string> missing = {"step", "phase", "split", "loss"};
  if (!scanner.Take('{')) return scanner.Expected("'{'");
  do {
    ASSIGN_OR_RETURN(const std::string key, scanner.String());
    if (!scanner.Take(':')) return scanner.Expected("':'");
    while (scanner.Take(' ')) {
    }
    RETURN_IF_ERROR(ReadField(key, scanner, record));
    for (std::string& name : missing) {
      if (name == key) name.clear();
    }
  } while (scanner.Take(','));
  if (!scanner.Take('}')) return scanner.Expected("',' or '}'");
  if (!scanner.AtEnd()) return scanner.Expected("the end of the line");
  for (const std::string& name : missing) {
    if (!name.empty()) return scanner.Expected(absl::StrCat("before this the key \"", name, "\""));
  }
  return record;
}

std::string WithoutTiming(std::string_view lines) {
  std::string result;
  while (!lines.empty()) {
    const size_t end = std::min(lines.find('\n'), lines.size() - 1) + 1;
    const std::string_view line = lines.substr(0, end);
    const size_t timing = line.rfind(kTimingKey);
    const size_t rest = timing == line.npos ? line.npos : line.find('}', timing);
    if (rest == line.npos) {
      result += line;
    } else {
      result += line.substr(0, timing);
      result += line.substr(rest);
    }
    lines.remove_prefix(end);
  }
  return result;
}

}  // namespace espalier
