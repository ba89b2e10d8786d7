#include "tools/metrics_record.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "core/files/json_lines.h"
#include "core/files/json_number.h"
#include "core/files/json_scanner.h"

namespace espalier {
namespace {

constexpr absl::string_view kTimingKey = ",\"images_per_s\":";

void AppendField(absl::string_view key, std::optional<float> value, std::string& json) {
  if (!value) return;
  json += "," + JsonQuoted(key) + ":";
  AppendJsonNumber(*value, &json);
}

absl::Status ReadSplit(JsonScanner& scanner, MetricsRecord::Split& split) {
  ASSIGN_OR_RETURN(const std::string name, scanner.String());
  for (const auto candidate : {MetricsRecord::Split::kTrain, MetricsRecord::Split::kValidation}) {
    if (name != Name(candidate)) continue;
    split = candidate;
    return absl::OkStatus();
  }
  return scanner.Error(absl::StrCat("before this \"train\" or \"validation\" instead of ", JsonQuoted(name)));
}

absl::Status ReadField(const std::string& key, JsonScanner& scanner, MetricsRecord& record) {
  if (key == "step") return ReadJsonNumber(scanner, &record.step);
  if (key == "epoch") return ReadJsonNumber(scanner, &record.epoch);
  if (key == "split") return ReadSplit(scanner, record.split);
  if (key == "loss") return ReadJsonNumber(scanner, &record.loss);
  if (key == "top1") return ReadJsonNumber(scanner, &record.top1.emplace());
  if (key == "top5") return ReadJsonNumber(scanner, &record.top5.emplace());
  if (key == "learning_rate") return ReadJsonNumber(scanner, &record.learning_rate.emplace());
  if (key == "sparsity") return ReadJsonNumber(scanner, &record.sparsity.emplace());
  if (key == "images_per_s") return ReadJsonNumber(scanner, &record.images_per_s.emplace());
  if (key == "phase") {
    ASSIGN_OR_RETURN(record.phase, scanner.String());
    return absl::OkStatus();
  }
  return ReadJsonNumber(scanner, &record.more.emplace_back(key, 0).second);
}

}  // namespace

absl::string_view Name(MetricsRecord::Split split) {
  return split == MetricsRecord::Split::kTrain ? "train" : "validation";
}

std::string ToJson(const MetricsRecord& record) {
  std::string json = absl::StrCat("{\"step\":", record.step, ",\"epoch\":");
  AppendJsonNumber(record.epoch, &json);
  json += ",\"phase\":" + JsonQuotedText(record.phase) + ",\"split\":" + JsonQuoted(Name(record.split));
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

absl::StatusOr<MetricsRecord> ParseMetricsRecord(absl::string_view line) {
  JsonScanner scanner(line);
  MetricsRecord record;
  std::set<std::string> missing = {"step", "epoch", "phase", "split", "loss"};
  RETURN_IF_ERROR(scanner.Object([&](const std::string& key) {
    missing.erase(key);
    return ReadField(key, scanner, record);
  }));
  RETURN_IF_ERROR(scanner.End());
  if (!missing.empty()) return scanner.Error(absl::StrCat("before this the key ", JsonQuoted(*missing.begin())));
  return record;
}

absl::StatusOr<std::vector<MetricsRecord>> ReadMetrics(FileSystem* files, const std::string& path) {
  std::vector<MetricsRecord> records;
  RETURN_IF_ERROR(ReadJsonLines(files, path, [&](absl::string_view line) {
    absl::StatusOr<MetricsRecord> record = ParseMetricsRecord(line);
    if (record.ok()) records.push_back(*std::move(record));
    return record.status();
  }));
  return records;
}

std::string WithoutTiming(absl::string_view lines) {
  std::string result;
  while (!lines.empty()) {
    const size_t end = std::min(lines.find('\n'), lines.size() - 1) + 1;
    const absl::string_view line = lines.substr(0, end);
    const size_t timing = line.rfind(kTimingKey);
    const size_t rest = timing == line.npos ? line.npos : line.find('}', timing);
    if (rest == line.npos) {
      absl::StrAppend(&result, line);
    } else {
      absl::StrAppend(&result, line.substr(0, timing), line.substr(rest));
    }
    lines.remove_prefix(end);
  }
  return result;
}

}  // namespace espalier
