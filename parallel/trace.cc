#include "parallel/trace.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/clock.h"
#include "core/files/json_scanner.h"
#include "parallel/collectives.h"
#include "parallel/tags.h"

namespace espalier {
namespace {

constexpr int kRoundTrips = 16;

double ReceiveTime(Communicator* communicator, int source) {
  double time = 0;
  Request request = communicator->Receive(&time, sizeof time, source, kClockTag);
  communicator->Wait(&request);
  return time;
}

void SendTime(Communicator* communicator, double time, int destination) {
  Request request = communicator->Send(&time, sizeof time, destination, kClockTag);
  communicator->Wait(&request);
}

}  // namespace

Trace::Trace(int64_t capacity) : created_(Now()) { events_.reserve(capacity); }

double Trace::Now() { return SteadySeconds(); }

void Trace::AlignClocks(Communicator* communicator) {
  clock_offset_ = 0;
  if (communicator->rank() > 0) {
    for (int trip = 0; trip < kRoundTrips; ++trip) {
      ReceiveTime(communicator, 0);
      SendTime(communicator, Now(), 0);
    }
    clock_offset_ = ReceiveTime(communicator, 0);
    return;
  }
  for (int other = 1; other < communicator->size(); ++other) {
    double quickest = 1e9, offset = 0;
    for (int trip = 0; trip < kRoundTrips; ++trip) {
      const double begin = Now();
      SendTime(communicator, begin, other);
      const double theirs = ReceiveTime(communicator, other);
      const double end = Now();
      if (end - begin >= quickest) continue;
      quickest = end - begin;
      offset = (begin + end) / 2 - theirs;
    }
    SendTime(communicator, offset, other);
  }
}

std::string Trace::EventsText(int rank, double origin) const {
  std::string text = absl::StrFormat(
      "{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":%d,\"args\":{\"name\":\"rank %d\"}},\n"
      "{\"ph\":\"M\",\"name\":\"process_sort_index\",\"pid\":%d,\"args\":{\"sort_index\":%d}},\n",
      rank, rank, rank, rank);
  if (dropped_ > 0) {
    absl::StrAppendFormat(&text,
                          "{\"ph\":\"I\",\"s\":\"p\",\"name\":\"%d later events had no room\",\"cat\":\"trace\","
                          "\"pid\":%d,\"tid\":0,\"ts\":%.3f},\n",
                          dropped_, rank, 1e6 * (events_.empty() ? 0 : events_.back().end + clock_offset_ - origin));
  }
  int64_t id = 0;
  for (const Event& event : events_) {
    const std::string name =
        JsonQuoted(event.number < 0 ? std::string(event.name) : absl::StrCat(event.name, " ", event.number));
    const std::string common =
        absl::StrFormat("\"name\":%s,\"cat\":%s,\"pid\":%d,\"tid\":0", name, JsonQuoted(event.category), rank);
    const double begin = 1e6 * (event.begin + clock_offset_ - origin);
    const double end = 1e6 * (event.end + clock_offset_ - origin);
    if (event.flight) {
      ++id;
      absl::StrAppendFormat(&text, "{\"ph\":\"b\",%s,\"id\":\"%d.%d\",\"ts\":%.3f},\n", common, rank, id, begin);
      absl::StrAppendFormat(&text, "{\"ph\":\"e\",%s,\"id\":\"%d.%d\",\"ts\":%.3f},\n", common, rank, id, end);
    } else {
      absl::StrAppendFormat(&text, "{\"ph\":\"X\",%s,\"ts\":%.3f,\"dur\":%.3f},\n", common, begin, end - begin);
    }
  }
  return text;
}

absl::Status Trace::Write(Communicator* communicator, FileSystem* files, const std::string& path) const {
  double origin = created_;
  Broadcast(communicator, &origin, sizeof origin, 0);
  const std::vector<std::string> parts = GatherStrings(communicator, EventsText(communicator->rank(), origin), 0);
  if (communicator->rank() > 0) return absl::OkStatus();
  std::string text = "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n";
  for (const std::string& part : parts) text += part;
  text.resize(text.size() - 2);  // the last comma
  text += "\n]}\n";
  return WriteFileAtomically(files, path, text);
}

}  // namespace espalier
