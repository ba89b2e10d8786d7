// The event file that TensorBoard reads: curves of all figures and histograms of weights.
//
// File: records of  u64 length | u32 masked CRC-32C of the length | the event | u32 masked CRC-32C of the event,
// little endian (TensorFlow's TFRecord); an event is a tensorboard::Event, the first one the file's version.
#ifndef ESPALIER_TRAINER_TENSORBOARD_H_
#define ESPALIER_TRAINER_TENSORBOARD_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/files/file_system.h"
#include "tools/metrics_record.h"
#include "trainer/log_file.h"

namespace espalier {

namespace tensorboard {
class Event;
}

// An event's bytes framed as a record: TFRecord's masked checksum is crc rotated right by 15 plus 0xa282ead8.
std::string FrameRecord(absl::string_view event);

struct TensorBoardOptions {
  FileSystem* files = nullptr;
  std::string directory;
  std::string host;               // for the file's name
  std::function<double()> clock;  // seconds since 1970
  // The first step that this run will report: after a resume the one after the checkpoint's. TensorBoard forgets this
  // and later steps of the files that are there already.
  int64_t first_step = 0;
};

class TensorBoardWriter {
 public:
  // Creates DIRECTORY/events.out.tfevents.SECONDS.HOST, a name that sorts after those of earlier runs.
  static absl::StatusOr<TensorBoardWriter> Create(TensorBoardOptions options);

  // The record's figures, tagged "train/loss", "validation/top1" and so on; "epoch", "learning_rate", "sparsity" and
  // "images_per_s", which are no figures of a split, without it.
  absl::Status AddRecord(const MetricsRecord& record);

  absl::Status AddHistogram(int64_t step, const std::string& tag, absl::Span<const float> values);

  const std::string& path() const { return path_; }

 private:
  TensorBoardWriter(LogFile file, std::string path, std::function<double()> clock)
      : file_(std::move(file)), path_(std::move(path)), clock_(std::move(clock)) {}
  // Stamps the event with the time and the step.
  absl::Status Add(int64_t step, tensorboard::Event& event);

  LogFile file_;
  std::string path_;
  std::function<double()> clock_;
};

}  // namespace espalier

#endif  // ESPALIER_TRAINER_TENSORBOARD_H_
