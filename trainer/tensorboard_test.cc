#include "trainer/tensorboard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "absl/strings/escaping.h"
#include "core/files/crc32c.h"
#include "proto/tensorboard_event.pb.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Pair;

// The events of a file, each record's checksums proven.
std::vector<tensorboard::Event> ReadEvents(const std::string& path) {
  const std::string bytes = ReadFile(FileSystem::Posix(), path, 1 << 20).value();
  const auto unmasked = [&](size_t offset) {
    uint32_t masked;
    std::memcpy(&masked, bytes.data() + offset, 4);
    const uint32_t rotated = masked - 0xa282ead8u;
    return rotated >> 17 | rotated << 15;
  };
  std::vector<tensorboard::Event> events;
  for (size_t offset = 0; offset < bytes.size();) {
    uint64_t length = 0;
    std::memcpy(&length, bytes.data() + offset, 8);
    EXPECT_LE(offset + length + 16, bytes.size());
    EXPECT_EQ(unmasked(offset + 8), Crc32c(bytes.substr(offset, 8)));
    EXPECT_EQ(unmasked(offset + 12 + length), Crc32c(bytes.substr(offset + 12, length)));
    EXPECT_TRUE(events.emplace_back().ParseFromString(bytes.substr(offset + 12, length)));
    offset += length + 16;
  }
  return events;
}

std::vector<std::pair<std::string, float>> Scalars(const tensorboard::Event& event) {
  std::vector<std::pair<std::string, float>> scalars;
  for (const auto& value : event.summary().value()) scalars.emplace_back(value.tag(), value.simple_value());
  return scalars;
}

TensorBoardOptions Options() {
  TensorBoardOptions options;
  options.files = FileSystem::Posix();
  options.directory = ::testing::TempDir();
  options.host = "host";
  options.clock = [] { return 1700000000.25; };
  return options;
}

// The bytes of the RecordWriter of the Python package tensorboard 2.21.
TEST(FrameRecord, HasLengthAndMaskedChecksums) {
  EXPECT_EQ(absl::BytesToHexString(FrameRecord("espalier")), "0800000000000000ff86240f657370616c696572b07b92c8");
}

TEST(TensorBoardWriter, EventsReadBack) {
  auto writer = TensorBoardWriter::Create(Options());
  ASSERT_TRUE(writer.ok()) << writer.status();
  EXPECT_THAT(writer->path(), HasSubstr("/events.out.tfevents.1700000000.host"));
  MetricsRecord record;
  record.step = 50;
  record.epoch = 0.5;
  record.loss = 1.25f;
  record.top1 = 0.5f;
  record.learning_rate = 0.1f;
  record.images_per_s = 600;
  record.more = {{"gradient_norm", 2}};
  ASSERT_TRUE(writer->AddRecord(record).ok());
  record.split = MetricsRecord::Split::kValidation;
  record.top5 = 0.9f;
  ASSERT_TRUE(writer->AddRecord(record).ok());
  ASSERT_TRUE(writer->AddHistogram(50, "weights/conv1", {-1, 0, 0, 3}).ok());

  const std::vector<tensorboard::Event> events = ReadEvents(writer->path());
  ASSERT_EQ(events.size(), 5u);
  EXPECT_EQ(events[0].file_version(), "brain.Event:2");
  EXPECT_EQ(events[1].session_log().status(), tensorboard::SessionLog::START);
  EXPECT_EQ(events[2].step(), 50);
  EXPECT_EQ(events[2].wall_time(), 1700000000.25);
  EXPECT_THAT(Scalars(events[2]),
              ElementsAre(Pair("train/loss", 1.25f), Pair("train/top1", 0.5f), Pair("train/gradient_norm", 2.0f),
                          Pair("epoch", 0.5f), Pair("learning_rate", 0.1f), Pair("images_per_s", 600.0f)));
  EXPECT_THAT(Scalars(events[3]), ElementsAre(Pair("validation/loss", 1.25f), Pair("validation/top1", 0.5f),
                                              Pair("validation/top5", 0.9f), Pair("validation/gradient_norm", 2.0f)));
  EXPECT_EQ(events[4].summary().value(0).tag(), "weights/conv1");
  EXPECT_EQ(events[4].summary().value(0).histo().num(), 4);
}

TEST(TensorBoardWriter, ASecondFileOfTheSameSecondHasItsOwnName) {
  TensorBoardOptions options = Options();
  options.host = "twins";
  const auto first = TensorBoardWriter::Create(options);
  options.first_step = 51;
  const auto second = TensorBoardWriter::Create(options);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_THAT(first->path(), EndsWith("twins"));
  EXPECT_EQ(second->path(), first->path() + ".1");
  EXPECT_EQ(ReadEvents(second->path())[1].step(), 51);
}

}  // namespace
}  // namespace espalier
