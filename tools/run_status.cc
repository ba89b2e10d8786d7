#include "tools/run_status.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/files/json_scanner.h"

namespace espalier {
namespace {

constexpr RunStatus::State kStates[] = {RunStatus::State::kRunning, RunStatus::State::kStopped, RunStatus::State::kDone,
                                        RunStatus::State::kFailed};
constexpr uint64_t kMaximumBytes = 1 << 16;

std::string PathIn(const std::string& output_dir) { return JoinPath(output_dir, "status.json"); }

// JSON is UTF-8; a text that is not keeps its ASCII part.
std::string Quoted(std::string text) {
  constexpr size_t kLongest = 4096;
  if (text.size() > kLongest) text.resize(kLongest);
  if (!IsUtf8(text)) {
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return c >= 0x80; }, '?');
  }
  return JsonQuoted(text);
}

template <typename Integer>
absl::Status ReadInteger(JsonScanner& scanner, Integer* value) {
  ASSIGN_OR_RETURN(const uint64_t number, scanner.Unsigned());
  if (number > std::numeric_limits<Integer>::max()) return scanner.Error("before this a smaller number");
  *value = static_cast<Integer>(number);
  return absl::OkStatus();
}

absl::Status ReadField(const std::string& key, JsonScanner& scanner, RunStatus* status) {
  if (key == "step") return ReadInteger(scanner, &status->step);
  if (key == "exit_code") return ReadInteger(scanner, &status->exit_code.emplace());
  ASSIGN_OR_RETURN(const std::string text, scanner.String());
  if (key == "started") status->started = text;
  if (key == "message") status->message = text;
  if (key != "state") return absl::OkStatus();
  const auto* const state =
      std::find_if(std::begin(kStates), std::end(kStates), [&](RunStatus::State known) { return Name(known) == text; });
  if (state == std::end(kStates)) return scanner.Error("before this a state");
  status->state = *state;
  return absl::OkStatus();
}

absl::StatusOr<RunStatus> Parse(absl::string_view text) {
  JsonScanner scanner(text);
  RunStatus status;
  bool has_state = false;
  RETURN_IF_ERROR(scanner.Object([&](const std::string& key) {
    has_state = has_state || key == "state";
    return ReadField(key, scanner, &status);
  }));
  RETURN_IF_ERROR(scanner.End());
  if (!has_state) return scanner.Error("before this the key \"state\"");
  return status;
}

}  // namespace

absl::string_view Name(RunStatus::State state) {
  switch (state) {
    case RunStatus::State::kRunning:
      return "running";
    case RunStatus::State::kStopped:
      return "stopped";
    case RunStatus::State::kDone:
      return "done";
    case RunStatus::State::kFailed:
      return "failed";
  }
  return "";
}

std::string StartMark() {
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  std::tm parts = {};
  ::gmtime_r(&seconds, &parts);
  char date[32] = {};
  std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
  return absl::StrFormat("%s.%03dZ-%d", date, milliseconds, ::getpid());
}

absl::Status WriteRunStatus(FileSystem* files, const std::string& output_dir, const RunStatus& status) {
  std::string text = absl::StrCat("{\"state\":\"", Name(status.state), "\",\"step\":", status.step);
  if (status.exit_code) absl::StrAppend(&text, ",\"exit_code\":", *status.exit_code);
  absl::StrAppend(&text, ",\"started\":", Quoted(status.started), ",\"message\":", Quoted(status.message), "}\n");
  return WriteFileAtomically(files, PathIn(output_dir), text);
}

absl::StatusOr<RunStatus> ReadRunStatus(FileSystem* files, const std::string& output_dir) {
  const std::string path = PathIn(output_dir);
  ASSIGN_OR_RETURN(const std::string text, ReadFile(files, path, kMaximumBytes));
  absl::StatusOr<RunStatus> status = Parse(text);
  if (!status.ok()) return absl::DataLossError(absl::StrCat(path, ": ", status.status().message()));
  return status;
}

}  // namespace espalier
