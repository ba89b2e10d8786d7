#include "trainer/tensorboard.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "core/files/crc32c.h"
#include "proto/tensorboard_event.pb.h"
#include "trainer/tensorboard_histogram.h"

namespace espalier {
namespace {

template <typename Integer>
void AppendLittleEndian(Integer value, std::string& bytes) {
  for (size_t i = 0; i < sizeof value; ++i) bytes += static_cast<char>(value >> 8 * i);
}

uint32_t MaskedCrc(absl::string_view bytes) {
  const uint32_t crc = Crc32c(bytes);
  return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

void AddScalar(const std::string& tag, std::optional<float> value, tensorboard::Summary& summary) {
  if (!value) return;
  tensorboard::Summary::Value& entry = *summary.add_value();
  entry.set_tag(tag);
  entry.set_simple_value(*value);
}

// A name that no file has yet: two runs may start in one second.
std::string FreePath(const TensorBoardOptions& options) {
  const std::string name =
      absl::StrCat("events.out.tfevents.", static_cast<int64_t>(options.clock()), ".", options.host);
  std::string path = JoinPath(options.directory, name);
  for (int number = 1; options.files->Exists(path); ++number) {
    path = JoinPath(options.directory, absl::StrCat(name, ".", number));
  }
  return path;
}

}  // namespace

std::string FrameRecord(absl::string_view event) {
  std::string record;
  record.reserve(event.size() + 16);
  AppendLittleEndian(uint64_t{event.size()}, record);
  AppendLittleEndian(MaskedCrc(record), record);
  absl::StrAppend(&record, event);
  AppendLittleEndian(MaskedCrc(event), record);
  return record;
}

absl::StatusOr<TensorBoardWriter> TensorBoardWriter::Create(TensorBoardOptions options) {
  const std::string path = FreePath(options);
  ASSIGN_OR_RETURN(LogFile file, LogFile::Create(options.files, path));
  TensorBoardWriter writer(std::move(file), path, std::move(options.clock));
  tensorboard::Event version;
  version.set_file_version("brain.Event:2");
  RETURN_IF_ERROR(writer.Add(0, version));
  // TensorBoard takes the first start that it sees in a directory for the beginning and each further one for a restart.
  tensorboard::Event start;
  start.mutable_session_log()->set_status(tensorboard::SessionLog::START);
  RETURN_IF_ERROR(writer.Add(options.first_step, start));
  return writer;
}

absl::Status TensorBoardWriter::AddRecord(const MetricsRecord& record) {
  tensorboard::Event event;
  tensorboard::Summary& summary = *event.mutable_summary();
  const std::string split = std::string(Name(record.split)) + "/";
  AddScalar(split + "loss", record.loss, summary);
  AddScalar(split + "top1", record.top1, summary);
  AddScalar(split + "top5", record.top5, summary);
  for (const auto& [key, value] : record.more) AddScalar(split + key, value, summary);
  // Records of both splits may stand at one step; one of them is enough for what the splits share.
  if (record.split == MetricsRecord::Split::kTrain) {
    AddScalar("epoch", static_cast<float>(record.epoch), summary);
    AddScalar("learning_rate", record.learning_rate, summary);
    AddScalar("sparsity", record.sparsity, summary);
    AddScalar("images_per_s", record.images_per_s, summary);
  }
  return Add(record.step, event);
}

absl::Status TensorBoardWriter::AddHistogram(int64_t step, const std::string& tag, absl::Span<const float> values) {
  tensorboard::Event event;
  tensorboard::Summary::Value& entry = *event.mutable_summary()->add_value();
  entry.set_tag(tag);
  *entry.mutable_histo() = MakeHistogram(values);
  return Add(step, event);
}

absl::Status TensorBoardWriter::Add(int64_t step, tensorboard::Event& event) {
  event.set_wall_time(clock_());
  event.set_step(step);
  return file_.Append(FrameRecord(event.SerializeAsString()));
}

}  // namespace espalier
