// The text reader against protobuf's own on texts that protobuf printed.
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "proto/job.pb.h"
#include "proto/testing/every_type.pb.h"
#include "proto/testing/random_message.h"
#include "proto/text_reader.h"

namespace espalier {
namespace {

using google::protobuf::Message;
using google::protobuf::TextFormat;

// The ways to print that change the grammar in use.
TextFormat::Printer RandomPrinter(Random* random) {
  TextFormat::Printer printer;
  printer.SetSingleLineMode(random->Below(2) == 1);
  printer.SetUseShortRepeatedPrimitives(random->Below(2) == 1);
  printer.SetUseUtf8StringEscaping(random->Below(2) == 1);
  printer.SetInitialIndentLevel(random->Below(3));
  return printer;
}

// In which NaN equals itself, unlike in comparisons of messages.
std::string Bytes(const Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);  // sorts maps
  message.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

template <typename T>
void ExpectEqualReadings(const char* purpose, int count, int depth) {
  for (int i = 0; i < count; ++i) {
    Random random(1, purpose, 0, i);
    T written, read, theirs;
    FillRandomly(&random, depth, &written);
    std::string text;
    RandomPrinter(&random).PrintToString(written, &text);

    SourceMap sources;
    Diagnostics diagnostics;
    ReadText(text, "text", {}, &read, &sources, &diagnostics);
    ASSERT_EQ(diagnostics.ToStatus(), absl::OkStatus()) << text;
    ASSERT_TRUE(TextFormat::ParseFromString(text, &theirs));
    ASSERT_EQ(Bytes(read), Bytes(theirs)) << text;
    ASSERT_EQ(read.DebugString(), written.DebugString());
  }
}

TEST(TextReaderDifferential, ReadsPrintedJobs) { ExpectEqualReadings<Job>("jobs", 2000, 6); }

TEST(TextReaderDifferential, ReadsPrintedValuesOfEveryType) { ExpectEqualReadings<test::EveryType>("types", 2000, 3); }

TEST(TextReaderDifferential, ReadsPrintedModels) { ExpectEqualReadings<Model>("models", 1000, 12); }

}  // namespace
}  // namespace espalier
