// Feeds arbitrary bytes to the text reader and to overrides. The entry is libFuzzer's; text_reader_fuzz_test.cc feeds
// it mutated jobs. What must hold:
//   - nothing crashes, and every problem has a place in the text and something to say;
//   - a text that is read without a problem means the same to protobuf's own parser;
//   - a text that only protobuf's parser takes is refused for one of the reasons for which this reader is stricter.
#include "tests/fuzz/text_reader_fuzz.h"

#include <glog/logging.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "proto/job.pb.h"
#include "proto/job_validator.h"
#include "proto/override.h"
#include "proto/text_reader.h"

namespace espalier {
namespace {

class Silent : public google::protobuf::io::ErrorCollector {
  void AddError(int, google::protobuf::io::ColumnNumber, const std::string&) override {}
};

bool TheirsAccepts(const std::string& text, Job* job) {
  Silent silent;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&silent);
  return parser.ParseFromString(text, job);
}

// Whether one of the errors is of the kind that protobuf's parser lets pass.
bool IsStricter(const Diagnostics& diagnostics) {
  static const char* const kReasons[] = {
      "blank between a number", "closing quote",     "UTF-8", "extensions", "decimal number",
      "nested messages",        "control character",
  };
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    for (const char* reason : kReasons) {
      if (absl::StrContains(diagnostic.message, reason)) return true;
    }
  }
  return false;
}

void CheckPlaces(const Diagnostics& diagnostics, const std::string& text) {
  const int lines = std::count(text.begin(), text.end(), '\n') + 1;
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    CHECK(diagnostic.where.file != nullptr) << diagnostic.message;
    CHECK(diagnostic.where.line >= 1 && diagnostic.where.line <= lines) << diagnostic.where.ToString();
    CHECK_GE(diagnostic.where.column, 1) << diagnostic.message;
    CHECK(absl::StartsWith(diagnostic.message, "expected ")) << diagnostic.message;
    CHECK(absl::StrContains(diagnostic.message, ", found ")) << diagnostic.message;
  }
}

}  // namespace

bool CheckTextReader(const std::string& text) {
  Job job, theirs;
  SourceMap sources;
  Diagnostics diagnostics;
  ReadText(text, "fuzz", {}, &job, &sources, &diagnostics);
  const bool accepted = TheirsAccepts(text, &theirs);
  if (diagnostics.empty()) {
    CHECK(accepted) << text;
    CHECK_EQ(job.SerializeAsString(), theirs.SerializeAsString()) << text;
  } else {
    CHECK(!accepted || IsStricter(diagnostics)) << diagnostics.ToStatus().message() << "\n" << text;
  }
  const bool good = diagnostics.empty();
  ValidateJob(job, sources, &diagnostics);
  CheckPlaces(diagnostics, text);
  return good;
}

bool CheckOverride(const std::string& text) {
  Job job;
  SourceMap sources;
  Diagnostics diagnostics;
  ReadText("phase { } optimizer { sgd { } }", "job", {}, &job, &sources, &diagnostics);
  ApplyOverride(text, {}, &job, &sources, &diagnostics);
  CheckPlaces(diagnostics, text);
  return diagnostics.empty();
}

}  // namespace espalier

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  espalier::CheckTextReader(text);
  espalier::CheckOverride(text);
  return 0;
}
