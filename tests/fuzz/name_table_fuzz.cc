// Feeds arbitrary bytes to the reader of name tables. The entry is libFuzzer's; name_table_fuzz_test.cc feeds it
// mutated tables. What must hold:
//   - nothing crashes, and every line of an error says where, what was expected and what was found;
//   - pairs are two words without blanks, written back they read the same, and no name comes twice;
//   - a match is one to one, between tensors of equal shapes.
#include "tests/fuzz/name_table_fuzz.h"

#include <glog/logging.h>
#include <google/protobuf/text_format.h>

#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "compression/import/name_matching.h"

namespace espalier {
namespace {

constexpr char kNetwork[] = R"(
  input { name: "x" dims: [1, 8, 8] }
  layer { name: "conv1" conv { channels: 4 kernel: 3 pad: 1 bias: false } } layer { name: "bn1" batch_norm {} }
  layer { name: "conv2" conv { channels: 4 kernel: 3 pad: 1 } } layer { name: "fc" dense { channels: 3 } })";

const ImportTarget& Target() {
  static const ImportTarget* const target = [] {
    Model model;
    CHECK(google::protobuf::TextFormat::ParseFromString(kNetwork, &model));
    return new ImportTarget(*MakeImportTarget(model));
  }();
  return *target;
}

// Under other names; one tensor is of no use.
const std::vector<ForeignTensor>& Theirs() {
  static const auto* const theirs =
      new std::vector<ForeignTensor>{{"a.weight", {4, 1, 3, 3}}, {"n.weight", {4}},       {"n.bias", {4}},
                                     {"n.running_mean", {4}},    {"n.running_var", {4}},  {"n.num_batches_tracked", {}},
                                     {"b.weight", {4, 4, 3, 3}}, {"b.bias", {4}},         {"out.weight", {3, 256}},
                                     {"out.bias", {3}},          {"extra.weight", {2, 2}}};
  return *theirs;
}

void CheckMessage(absl::string_view message, absl::string_view prefix) {
  for (const absl::string_view line : absl::StrSplit(message, '\n')) {
    CHECK(absl::StartsWith(line, prefix) && absl::StrContains(line, "expected ") && absl::StrContains(line, ", found "))
        << line;
  }
}

void CheckPairs(const std::vector<NamePair>& pairs) {
  std::string written;
  std::set<std::string> theirs, ours;
  for (const NamePair& pair : pairs) {
    CHECK(!pair.theirs.empty() && !pair.ours.empty());
    CHECK(theirs.insert(pair.theirs).second) << pair.theirs;
    CHECK(pair.ours == kLeaveOut || ours.insert(pair.ours).second) << pair.ours;
    absl::StrAppend(&written, pair.theirs, " ", pair.ours, "\n");
  }
  const auto again = ParseNameTable(written, "again");
  CHECK(again.ok()) << again.status();
  CHECK_EQ(again->size(), pairs.size());
  for (size_t i = 0; i < pairs.size(); ++i) {
    CHECK_EQ((*again)[i].theirs, pairs[i].theirs);
    CHECK_EQ((*again)[i].ours, pairs[i].ours);
  }
}

void CheckMatching(const NameMatching& matching) {
  std::set<int> used(matching.left_out.begin(), matching.left_out.end());
  CHECK_EQ(used.size(), matching.left_out.size());
  CHECK_EQ(matching.theirs.size(), Target().package.tensors.size());
  for (size_t i = 0; i < matching.theirs.size(); ++i) {
    CHECK(used.insert(matching.theirs[i]).second);
    CHECK(Theirs()[matching.theirs[i]].shape == Target().package.tensors[i].shape);
  }
  CHECK_EQ(used.size(), Theirs().size());
}

}  // namespace

NameTableOutcome CheckNameTable(const std::string& text) {
  NameTableOutcome outcome;
  const auto pairs = ParseNameTable(text, "fuzz");
  if (!pairs.ok()) {
    CheckMessage(pairs.status().message(), "fuzz:");
    return outcome;
  }
  outcome.parsed = true;
  CheckPairs(*pairs);
  const auto matching = MatchNames(Theirs(), Target(), *pairs, "fuzz");
  if (matching.ok()) {
    CheckMatching(*matching);
  } else {
    CheckMessage(matching.status().message(), "");
  }
  outcome.matched = matching.ok();
  return outcome;
}

}  // namespace espalier

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  espalier::CheckNameTable({reinterpret_cast<const char*>(data), size});
  return 0;
}
