// The verb on whole output directories, and its page in a real browser where there is one.
#include "tools/report/report_verb.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/files/file_system.h"
#include "tools/report/chart_library.h"
#include "tools/weight_histogram.h"

namespace espalier {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr uint64_t kLimit = 16 << 20;

struct Result {
  int code = 0;
  std::string out, err;
};

class ReportVerbTest : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = JoinPath(::testing::TempDir(), ::testing::UnitTest::GetInstance()->current_test_info()->name());
    ASSERT_TRUE(RemoveTree(files_, directory_).ok());
    ASSERT_TRUE(CreateDirectories(files_, directory_).ok());
  }
  // Charts, and so pages, need the library.
  bool HasLibrary() const { return ReadChartLibrary(files_, ChartLibraryPaths()).ok(); }

  void Write(const std::string& name, const std::string& text) {
    const std::string path = JoinPath(directory_, name);
    ASSERT_TRUE(CreateDirectories(files_, ParentDirectory(path)).ok());
    ASSERT_TRUE(WriteFileAtomically(files_, path, text).ok());
  }
  // A run of two phases, with all that a report tells of.
  void WriteRun() {
    Write("job.pbtxt", R"(
      name: "lenet & <friends>"
      model { input { name: "image" dims: [1, 4, 4] } layer { name: "fc" dense { channels: 10 } } }
      data { train { builtin_digits { samples: 64 } } batch_size: 8 }
      optimizer { sgd {} }
      phase { name: "dense" learning_rate { constant: 0.1 } }
      phase { name: "prune" learning_rate { constant: 0.1 } prune { sparsity: 0.5 } }
    )");
    std::string metrics, histograms;
    for (int step = 1; step <= 16; ++step) {
      const std::string phase = step <= 8 ? "dense" : "prune";
      absl::StrAppend(&metrics, R"({"step":)", step, R"(,"epoch":1,"phase":")", phase, R"(","split":"train","loss":)",
                      1.0 / step, R"(,"top1":0.5,"learning_rate":0.1})", "\n");
      absl::StrAppend(&metrics, R"({"step":)", step, R"(,"epoch":1,"phase":")", phase,
                      R"(","split":"validation","loss":)", 1.1 / step, R"(,"top1":0.6})", "\n");
      if (step % 8 == 0) histograms += Weights(step, phase, WeightHistogram::Moment::kEnd);
      if (step == 8) histograms += Weights(step, "prune", WeightHistogram::Moment::kBegin);
    }
    Write("metrics.jsonl", metrics);
    Write("histograms.jsonl", histograms);
    Write("ledger.csv", "tensor,elements,kept,values_bytes,bytes\nfc/weight,160,80,90,90\ntotal,,,90,90\n");
    Write("eie/cycles.csv", "layer,cycles\nfc,12\n");
    Write("eie/traffic.csv", "layer,weights,activations\nfc,12,4\n");
    Write("tpu/energy.csv", "component,array,buffer\nfc,12,3\n");
    Write("tpu/roofline.csv",
          "layer,operations_per_byte,operations_per_s,peak_operations_per_s,bytes_per_s\nfc,10,3e11,9e13,3e10\n");
  }
  // Of 4 weights, of which the second phase has pruned one.
  static std::string Weights(int step, const std::string& phase, WeightHistogram::Moment moment) {
    WeightHistogram histogram;
    histogram.step = step;
    histogram.phase = phase;
    histogram.moment = moment;
    histogram.parameter = "fc/weight";
    CountWeights(std::vector<float>{-0.5f, phase == "dense" ? 0.1f : 0.0f, 0.5f, 0.25f}, &histogram);
    return ToJson(histogram) + "\n";
  }
  Result Run() const {
    std::ostringstream out, err;
    Result result;
    result.code = RunVerbs({ReportVerb()}, {"report", directory_}, out, err);
    result.out = out.str();
    result.err = err.str();
    return result;
  }
  std::string Page() const { return ReadFile(files_, JoinPath(directory_, "report.html"), kLimit).value(); }

  FileSystem* const files_ = FileSystem::Posix();
  std::string directory_;
};

TEST_F(ReportVerbTest, WritesAPage) {
  if (!HasLibrary()) GTEST_SKIP() << "needs Debian's libjs-chart.js";
  WriteRun();
  const Result result = Run();
  ASSERT_EQ(result.code, kExitDone) << result.err;
  EXPECT_THAT(result.out, HasSubstr("package: 90 B"));
  EXPECT_THAT(result.out, HasSubstr("validation top-1: 60.00%"));
  EXPECT_THAT(result.out, HasSubstr("EIE: Left out, for they are not in "));
  EXPECT_THAT(result.out, HasSubstr("report.html"));
  const std::string page = Page();
  EXPECT_THAT(page, HasSubstr("<h1>lenet &amp; &lt;friends&gt;</h1>"));
  EXPECT_THAT(page, HasSubstr("170 parameters"));
  EXPECT_THAT(page, HasSubstr("Chart.js v"));
}

TEST_F(ReportVerbTest, LeavesOutWhatIsMissing) {
  if (!HasLibrary()) GTEST_SKIP() << "needs Debian's libjs-chart.js";
  Write("metrics.jsonl", R"({"step":1,"epoch":1,"phase":"p","split":"train","loss":2})"
                         "\n");
  Write("ledger.csv", "tensor,values_bytes\nfc\n");
  const Result result = Run();
  ASSERT_EQ(result.code, kExitDone) << result.err;
  EXPECT_THAT(result.out, HasSubstr("The job: Left out: there is no job.pbtxt here."));
  EXPECT_THAT(result.out, HasSubstr("Left out: there is no histograms.jsonl here."));
  EXPECT_THAT(result.out, HasSubstr("line 2: expected 2 cells, found 1"));
  EXPECT_THAT(result.out, HasSubstr("TPU: Left out: there is no tpu/ here."));
  EXPECT_THAT(Page(), HasSubstr("<figcaption>loss</figcaption>"));
}

TEST_F(ReportVerbTest, RefusesWhatIsNoRun) {
  EXPECT_EQ(Run().code, kExitBadUsage);
  EXPECT_THAT(Run().err, HasSubstr("expected a run's output"));
  directory_ = "/nowhere/at/all";
  EXPECT_EQ(Run().code, kExitBadUsage);
}

TEST_F(ReportVerbTest, SaysWhatToInstall) {
  const std::string other = JoinPath(directory_, "other.js");
  ASSERT_TRUE(WriteFileAtomically(files_, other, "/* Chart.js v2.9.4 */").ok());
  EXPECT_THAT(ReadChartLibrary(files_, {"/nowhere.js"}).status().ToString(),
              HasSubstr("apt-get install libjs-chart.js"));
  EXPECT_THAT(ReadChartLibrary(files_, {"/nowhere.js", other}).status().ToString(),
              HasSubstr("other.js: expected Chart.js of version 3 or 4"));
  ASSERT_TRUE(WriteFileAtomically(files_, other, "/*!\n * Chart.js v3.9.1\n */ x").ok());
  EXPECT_TRUE(ReadChartLibrary(files_, {"/nowhere.js", other}).ok());
}

// The exit code (-1: none) and the standard output of a shell command.
std::pair<int, std::string> RunShell(const std::string& command) {
  FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return {-1, ""};
  std::string output;
  std::array<char, 4096> part;
  while (const size_t size = std::fread(part.data(), 1, part.size(), pipe)) output.append(part.data(), size);
  const int status = pclose(pipe);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, output};
}

TEST_F(ReportVerbTest, ABrowserDrawsAllFigures) {
  if (!HasLibrary()) GTEST_SKIP() << "needs Debian's libjs-chart.js";
  if (RunShell("command -v chromium").first != 0) GTEST_SKIP() << "needs Debian's chromium";
  WriteRun();
  ASSERT_EQ(Run().code, kExitDone);
  // After the page's own script: opens all tables, and tells of errors, as the page's own document.
  std::string page = Page();
  page.replace(page.find("<style>"), 0,
               "<script>onerror = (e) => document.documentElement.dataset.error = e;</script>");
  page.replace(page.rfind("</body>"), 0,
               "<script>document.querySelectorAll('details').forEach((d) => { d.open = true; });</script>");
  const std::string path = JoinPath(directory_, "page.html");
  ASSERT_TRUE(WriteFileAtomically(files_, path, page).ok());
  const auto [code, dom] = RunShell(absl::StrCat(
      "HOME=", directory_, " timeout 100 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage ",
      "--user-data-dir=", directory_, "/profile --virtual-time-budget=2000 --window-size=400,800 --dump-dom file://",
      path, " 2>", directory_, "/chromium.log"));
  if (code != 0) GTEST_SKIP() << "chromium does not run here: exit code " << code;
  EXPECT_THAT(dom, Not(HasSubstr("data-error=")));
  // Loss, top-1, learning rate; sparsity twice; two panels; two of the ledger; two of EIE, two of TPU.
  EXPECT_THAT(dom, HasSubstr("data-drawn=\"13\""));
  EXPECT_THAT(dom, HasSubstr("<th scope=\"row\">16</th>"));
  EXPECT_THAT(dom, HasSubstr("<td>60.00%</td>"));
  // Two phases meet in a step: its sparsity before and after.
  EXPECT_THAT(dom, HasSubstr("<tr><th scope=\"row\">8</th><td>0.00%</td></tr>"
                             "<tr><th scope=\"row\">8</th><td>25.00%</td></tr>"));
}

}  // namespace
}  // namespace espalier
