#include "proto/job_loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace espalier {
namespace {

namespace fs = std::filesystem;

constexpr char kRest[] = R"(
data { train { builtin_digits {} } }
optimizer { sgd {} }
phase { epochs: 2 learning_rate { constant: 0.1 } }
)";
constexpr char kModel[] = "input { name: 'x' dims: [1, 4, 4] }\nlayer { conv { channels: 2 kernel: 3 } }\n";

class JobLoader : public testing::Test {
 protected:
  JobLoader() : folder_(fs::path(testing::TempDir()) / "job_loader") {
    fs::remove_all(folder_);
    fs::create_directories(folder_ / "installed");
    former_folder_ = fs::current_path();
    fs::current_path(folder_);
  }
  ~JobLoader() override { fs::current_path(former_folder_); }

  void Write(const std::string& name, const std::string& text) {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }

  absl::StatusOr<JobDocument> Load(const std::vector<std::string>& overrides = {}) {
    return LoadJob("job.pbtxt", overrides, {(folder_ / "installed").string()});
  }

  // Of a job that should not load, with the test's folder as DIR.
  std::string Errors(const std::vector<std::string>& overrides = {}) {
    return absl::StrReplaceAll(Load(overrides).status().message(), {{folder_.string(), "DIR"}});
  }

  const fs::path folder_;
  fs::path former_folder_;
};

TEST_F(JobLoader, IncludesTheModelAndAppliesOverrides) {
  Write("models/tiny.pbtxt", kModel);
  Write("job.pbtxt", absl::StrCat("model { file: 'models/tiny.pbtxt' }", kRest));
  const auto document =
      Load({"model.layer[0].conv.channels=8", "phase[0].epochs=3", "phase[1].learning_rate.cosine.peak=0.5",
            "optimizer={adam {beta1: 0.8}}", "data.train.builtin_digits.samples=100", "name=trial"});
  ASSERT_TRUE(document.ok()) << document.status();
  EXPECT_EQ(document->path, "job.pbtxt");
  EXPECT_FALSE(document->job.model().has_file());
  EXPECT_EQ(document->job.model().layer(0).conv().channels(), 8);
  EXPECT_EQ(document->job.phase(0).epochs(), 3);
  EXPECT_FLOAT_EQ(document->job.phase(1).learning_rate().cosine().peak(), 0.5);
  EXPECT_FLOAT_EQ(document->job.optimizer().adam().beta1(), 0.8);
  EXPECT_EQ(document->job.data().train().builtin_digits().samples(), 100);
  EXPECT_EQ(document->job.name(), "trial");

  EXPECT_EQ(document->sources.Cite("model.layer[0].conv.kernel"), "models/tiny.pbtxt:2:28");
  EXPECT_EQ(document->sources.Cite("model"), "job.pbtxt:1:1");
  EXPECT_EQ(document->sources.Cite("model.layer[0].conv.channels"), "--set 'model.layer[0].conv.channels=8':1:30");
  EXPECT_EQ(document->sources.Under("model").Cite("layer[0].conv.pad"), "models/tiny.pbtxt:2:9");
}

TEST_F(JobLoader, FindsFilesInOrder) {
  const std::string place = (folder_ / "installed/job.pbtxt").string();
  Write("installed/job.pbtxt", absl::StrCat("name: 'installed' model { file: 'tiny' }", kRest));
  Write("installed/tiny.pbtxt", kModel);
  ASSERT_TRUE(Load().ok()) << Load().status();
  EXPECT_EQ(Load()->path, place);
  Write("job.pbtxt", absl::StrCat("name: 'given' model { file: 'tiny.pbtxt' }", kRest));
  EXPECT_EQ(Load()->job.name(), "given");
  // The extension may be left out, and absolute names are not searched for.
  EXPECT_EQ(LoadJob("job", {}, {(folder_ / "installed").string()})->path, "job.pbtxt");
  EXPECT_EQ(LoadJob(place)->path, place);
  EXPECT_EQ(LoadJob("/no/job", {}, {folder_.string()}).status().message(),
            "expected a file /no/job, found none; looked at /no/job");
  EXPECT_EQ(LoadJob("absent", {}, {"a", "b/c"}).status().message(),
            "expected a file absent, found none; looked at absent, a/absent, b/c/absent");
  EXPECT_EQ(LoadJob("absent").status().code(), absl::StatusCode::kNotFound);
  EXPECT_FALSE(LoadJob("").ok());
  EXPECT_FALSE(LoadJob("installed").ok());  // a folder
}

TEST_F(JobLoader, FindsConfigFoldersUpwards) {
  fs::create_directories(folder_ / "configs");
  fs::create_directories(folder_ / "deep/down/configs");
  fs::current_path(folder_ / "deep/down");
  const std::vector<std::string> folders = DefaultConfigFolders();
  ASSERT_GE(folders.size(), 2);
  EXPECT_EQ(folders[0], (folder_ / "deep/down/configs").string());
  EXPECT_EQ(folders[1], (folder_ / "configs").string());
}

TEST_F(JobLoader, IncludesThroughSeveralFiles) {
  Write("job.pbtxt", absl::StrCat("model { file: 'models/a.pbtxt' name: 'mine' }", kRest));
  Write("models/a.pbtxt", "file: 'sub/b.pbtxt'\nname: 'a'\noutput: 'y'");
  Write("models/sub/b.pbtxt", absl::StrCat(kModel, "name: 'b'\noutput: 'b'"));
  const auto document = Load();
  ASSERT_TRUE(document.ok()) << document.status();
  EXPECT_EQ(document->job.model().name(), "mine");
  EXPECT_EQ(document->job.model().output(), "y");
  EXPECT_EQ(document->job.model().layer_size(), 1);
  EXPECT_EQ(document->sources.Cite("model.name"), "job.pbtxt:1:32");
  EXPECT_EQ(document->sources.Cite("model.output"), "models/a.pbtxt:3:1");
  EXPECT_EQ(document->sources.Cite("model.layer[0]"), "models/sub/b.pbtxt:2:1");
}

TEST_F(JobLoader, ReportsErrorsOfAllFilesAndOverridesAtOnce) {
  Write("job.pbtxt",
        "name: 3\nmodel { file: 'm.pbtxt' }\nphase { epohcs: 2 learning_rate { constant: -1 } }\n"
        "data { }\noptimizer { sgd { momentum: 1 } }");
  Write("m.pbtxt", "input { dims: [1, 0] }\nlayer { conv { chanels: 3 } }\nlayer { dropout { rate: 2 } }");
  EXPECT_EQ(Errors({"sede=3", "data.batch_size=-1"}),
            R"(job.pbtxt:1:7: name: expected a quoted string of UTF-8, found 3
job.pbtxt:3:9: phase[0].epohcs: expected a field of Phase, found epohcs; did you mean epochs?
job.pbtxt:3:35: phase[0].learning_rate.constant: expected a number of at least 0, found -1
job.pbtxt:4:1: data.train: expected a value (it is required), found none
job.pbtxt:5:19: optimizer.sgd.momentum: expected a number of at least 0 and below 1, found 1
m.pbtxt:1:19: model.input[0].dims[1]: expected a number of at least 1, found 0
m.pbtxt:2:16: model.layer[0].conv.chanels: expected a field of Conv, found chanels; did you mean channels?
m.pbtxt:3:19: model.layer[1].dropout.rate: expected a number of at least 0 and below 1, found 2
--set 'sede=3':1:1: sede: expected a field of Job, found sede; did you mean seed?
--set 'data.batch_size=-1':1:17: data.batch_size: expected a number of at least 1, found -1)");
}

TEST_F(JobLoader, RefusesBadInclusions) {
  Write("m.pbtxt", kModel);
  Write("job.pbtxt", absl::StrCat("model { file: 'm.pbtxt' layer { relu {} } }", kRest));
  EXPECT_EQ(Errors(),
            "job.pbtxt:1:9: model.file: expected either a file or inputs and layers in the model, found both");

  Write("job.pbtxt", absl::StrCat("model { file: 'n.pbtxt' }", kRest));
  EXPECT_EQ(Errors(),
            "job.pbtxt:1:9: model.file: expected a file n.pbtxt, found none; looked at n.pbtxt, "
            "DIR/installed/n.pbtxt");

  Write("job.pbtxt", absl::StrCat("model { file: 'a.pbtxt' }", kRest));
  Write("a.pbtxt", "file: 'b.pbtxt'");
  Write("b.pbtxt", "\nfile: './a.pbtxt'");
  EXPECT_EQ(Errors(),
            "b.pbtxt:2:1: model.file: expected a model that does not include itself, found job.pbtxt > a.pbtxt "
            "> b.pbtxt > ./a.pbtxt");

  Write("m.pbtxt", "layer { conv {");
  Write("job.pbtxt", absl::StrCat("model { file: 'm.pbtxt' }", kRest));
  EXPECT_EQ(Errors(),
            "m.pbtxt:1:15: model.layer[0].conv: expected '}' to close conv (line 1), layer[0] (line 1), found "
            "the end of the text");
}

TEST_F(JobLoader, AnOverrideMayNameAnotherModel) {
  Write("m.pbtxt", kModel);
  Write("job.pbtxt", absl::StrCat("model { file: 'absent.pbtxt' output: 'y' }", kRest));
  auto document = Load({"model.layer[0].conv.channels=7", "model.file=m.pbtxt"});
  ASSERT_TRUE(document.ok()) << document.status();
  EXPECT_EQ(document->job.model().layer(0).conv().channels(), 7);
  EXPECT_FALSE(document->job.model().has_output());

  Write("job.pbtxt", absl::StrCat("model { input { dims: 9 } layer { relu {} } layer { relu {} } }", kRest));
  document = Load({"model={file: 'm.pbtxt'}"});
  ASSERT_TRUE(document.ok()) << document.status();
  EXPECT_EQ(document->job.model().layer_size(), 1);
  document = Load({"model.file=m.pbtxt"});
  ASSERT_TRUE(document.ok()) << document.status();
  EXPECT_EQ(document->job.model().layer_size(), 1);
  EXPECT_EQ(Errors({"model.file=n.pbtxt"}),
            "--set 'model.file=n.pbtxt':1:12: model.file: expected a file n.pbtxt, found none; looked at n.pbtxt, "
            "DIR/installed/n.pbtxt");
}

TEST_F(JobLoader, RefusesLargeFiles) {
  Write("job.pbtxt", std::string((1 << 20) + 1, '#'));
  EXPECT_EQ(Errors(), "job.pbtxt:1:1: expected a text of at most 1048576 bytes, found more");
}

TEST_F(JobLoader, LoadsModels) {
  Write("m.pbtxt", kModel);
  Write("wrapper.pbtxt", "file: 'm.pbtxt' name: 'wrapped'");
  auto document = LoadModel("wrapper.pbtxt", {"layer[0].conv.kernel=1"}, {});
  ASSERT_TRUE(document.ok()) << document.status();
  EXPECT_EQ(document->model.name(), "wrapped");
  EXPECT_EQ(document->model.layer(0).conv().kernel(), 1);
  EXPECT_EQ(document->sources.Cite("layer[0].conv.channels"), "m.pbtxt:2:16");
  Write("other.pbtxt", kModel);
  EXPECT_EQ(LoadModel("m.pbtxt", {"layer[0].conv.kernel=0", "file=other.pbtxt", "outputs=y"}, {}).status().message(),
            "--set 'outputs=y':1:1: outputs: expected a field of Model, found outputs; did you mean output?\n"
            "--set 'layer[0].conv.kernel=0':1:22: layer[0].conv.kernel: expected a number of at least 1, found 0");
}

}  // namespace
}  // namespace espalier
