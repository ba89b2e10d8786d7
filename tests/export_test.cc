// Prune, share, pack, run on emulated accelerators: a job that exports leaves a package that computes what was trained.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "compression/package/evaluation_network.h"
#include "compression/package/package_file.h"
#include "tests/testing/tiny_run.h"

namespace espalier {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

std::vector<std::string> Overrides() {
  return {"phase[0]={name: \"prune\" epochs: 1 learning_rate { constant: 0.02 } prune { sparsity: 0.5 }}",
          "phase[1]={name: \"share\" epochs: 0.5 learning_rate { constant: 0.002 } "
          "share_weights { bits: 4 bias_bits: 4 }}",
          "phase[2]={name: \"tail\" epochs: 0.5 learning_rate { constant: 0.001 }}",
          "output={tensorboard: false histograms: false}", "export={package {} target: EIE target: TPU samples: 20}"};
}

using ExportTest = TinyRunTest;

TEST_F(ExportTest, LeavesAPackageItsLedgerAndRunsOfAccelerators) {
  const absl::Status status = Train(Overrides()).status();
  ASSERT_TRUE(status.ok()) << status;
  const std::string bytes = Read("model.esp");
  const auto package = DecodePackage(bytes);
  ASSERT_TRUE(package.ok()) << package.status();

  const std::vector<std::string> rows = absl::StrSplit(Read("ledger.csv"), '\n', absl::SkipEmpty());
  EXPECT_TRUE(absl::StartsWith(rows.back(), "total,"));
  EXPECT_THAT(rows.back(), HasSubstr(absl::StrCat(",", bytes.size(), ","))) << "the bytes of all rows";

  const auto counts = EvaluatePackage(*package, "", nullptr);
  ASSERT_TRUE(counts.ok()) << counts.status();
  EXPECT_EQ(package->info.top1(), static_cast<float>(counts->top1) / static_cast<float>(counts->samples));

  for (const std::string target : {"eie", "tpu"}) {
    for (const std::string name : {"cycles", "traffic", "energy"}) {
      const std::string csv = Read(target + "/" + name + ".csv");
      const std::vector<std::string> lines = absl::StrSplit(csv, '\n', absl::SkipEmpty());
      EXPECT_THAT(lines, SizeIs(4)) << csv;  // a head, two layers, the total
    }
  }
  EXPECT_THAT(out_, HasSubstr("equal those of EIE's arithmetic computed plainly"));
  EXPECT_THAT(out_, HasSubstr("equal those of plain integers"));
}

TEST_F(ExportTest, ADoneJobExportsTheSameBytesAgain) {
  ASSERT_TRUE(Train(Overrides()).ok());
  const std::string bytes = Read("model.esp"), cycles = Read("eie/cycles.csv");
  ASSERT_TRUE(files_.RemoveFile(JoinPath(kOutput, "model.esp")).ok());
  ASSERT_TRUE(Train(Overrides(), StartMode::kResume).ok());
  EXPECT_EQ(Read("model.esp"), bytes);
  EXPECT_EQ(Read("eie/cycles.csv"), cycles);
}

// 256 times 16-bit weights are more than EIE's codes can name.
TEST_F(ExportTest, SaysWhichLayerDoesNotGoOntoAChip) {
  std::vector<std::string> overrides = Overrides();
  overrides[1] = "phase[1]={name: \"share\" epochs: 0.5 learning_rate { constant: 0.002 }}";
  const absl::Status status = Train(overrides).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("dense: expected weights of at most 256 values"));
  EXPECT_NE(Read("model.esp"), "(none)") << "the package stands without the chip";
}

}  // namespace
}  // namespace espalier
