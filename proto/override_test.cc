#include "proto/override.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "proto/job.pb.h"
#include "proto/testing/every_type.pb.h"

namespace espalier {
namespace {

using google::protobuf::TextFormat;

class OverrideTest : public testing::Test {
 protected:
  OverrideTest() {
    ReadText(R"(
name: "job"
model { layer { conv { channels: 2 kernel: 3 } } layer { relu {} } }
optimizer { sgd { momentum: 0.9 nesterov: true } }
phase { learning_rate { step { base: 0.1 at_epochs: [3, 5, 7] } } }
)",
             "job", {}, &job_, &sources_, &diagnostics_);
  }

  // Applies it and returns the errors.
  std::string Apply(const std::string& text) {
    Diagnostics diagnostics;
    ApplyOverride(text, {}, &job_, &sources_, &diagnostics);
    return std::string(diagnostics.ToStatus().message());
  }

  Job job_;
  SourceMap sources_;
  Diagnostics diagnostics_;
};

TEST_F(OverrideTest, SetsFieldsThatArePresentOrNot) {
  EXPECT_EQ(Apply("model.layer[0].conv.channels=8"), "");
  EXPECT_EQ(job_.model().layer(0).conv().channels(), 8);
  EXPECT_EQ(job_.model().layer(0).conv().kernel(), 3);
  EXPECT_EQ(Apply("data.train.augment.random_crop.size = 28"), "");
  EXPECT_EQ(job_.data().train().augment().random_crop().size(), 28);
  EXPECT_EQ(Apply("precision.compute=BF16"), "");
  EXPECT_EQ(job_.precision().compute(), Precision::BF16);
  EXPECT_EQ(sources_.Cite("data.train.augment"), "--set 'data.train.augment.random_crop.size = 28':1:12");
  EXPECT_EQ(sources_.Cite("precision.compute"), "--set 'precision.compute=BF16':1:19");
  EXPECT_EQ(sources_.Cite("model.layer[0].conv.kernel"), "job:3:36");
}

TEST_F(OverrideTest, TakesStringsWithAndWithoutQuotes) {
  for (const char* text : {"name=a trial", "name=\"a trial\"", "name='a' ' trial'"}) {
    EXPECT_EQ(Apply(text), "") << text;
    EXPECT_EQ(job_.name(), "a trial") << text;
  }
  EXPECT_EQ(Apply("name=[1] = \"x\\"), "");
  EXPECT_EQ(job_.name(), "[1] = \"x\\");
  EXPECT_EQ(Apply("name="), "");
  EXPECT_TRUE(job_.has_name());
  EXPECT_EQ(job_.name(), "");
  EXPECT_EQ(Apply("model.layer[1].input[0]=image"), "");
  EXPECT_EQ(Apply("model.layer[1].input=['a', 'b']"), "");
  EXPECT_EQ(job_.model().layer(1).input_size(), 2);
}

TEST_F(OverrideTest, ReplacesMessagesWhole) {
  EXPECT_EQ(Apply("optimizer={sgd {momentum: 0.5}}"), "");
  EXPECT_FLOAT_EQ(job_.optimizer().sgd().momentum(), 0.5);
  EXPECT_FALSE(job_.optimizer().sgd().has_nesterov());
  EXPECT_FALSE(sources_.Contains("optimizer.sgd.nesterov"));
  EXPECT_EQ(Apply("phase[0]=<epochs: 3>"), "");
  EXPECT_FALSE(job_.phase(0).has_learning_rate());
  EXPECT_FALSE(sources_.Contains("phase[0].learning_rate"));
}

TEST_F(OverrideTest, SwitchesOneofs) {
  EXPECT_EQ(Apply("optimizer.adam.beta1=0.8"), "");
  EXPECT_FALSE(job_.optimizer().has_sgd());
  EXPECT_FLOAT_EQ(job_.optimizer().adam().beta1(), 0.8);
  EXPECT_FALSE(sources_.Contains("optimizer.sgd"));
  EXPECT_EQ(Apply("phase[0].learning_rate.constant=0.5"), "");
  EXPECT_FALSE(job_.phase(0).learning_rate().has_step());
  EXPECT_FALSE(sources_.Contains("phase[0].learning_rate.step"));
}

TEST_F(OverrideTest, AppendsAtTheEndAndReplacesElementsAndLists) {
  EXPECT_EQ(Apply("phase[1].epochs=2"), "");
  EXPECT_EQ(Apply("phase[2]={epochs: 5}"), "");
  ASSERT_EQ(job_.phase_size(), 3);
  EXPECT_EQ(job_.phase(2).epochs(), 5);
  EXPECT_EQ(sources_.Cite("phase[2].epochs"), "--set 'phase[2]={epochs: 5}':1:11");

  const std::string at_epochs = "phase[0].learning_rate.step.at_epochs";
  EXPECT_EQ(Apply(at_epochs + "[1]=6"), "");
  EXPECT_EQ(Apply(at_epochs + "[3]=9"), "");
  const auto& epochs = job_.phase(0).learning_rate().step().at_epochs();
  EXPECT_EQ(std::vector<float>(epochs.begin(), epochs.end()), (std::vector<float>{3, 6, 7, 9}));
  EXPECT_EQ(Apply(at_epochs + "=[1, 2]"), "");
  EXPECT_EQ(epochs.size(), 2);
  EXPECT_EQ(Apply("phase=[]"), "");
  EXPECT_EQ(job_.phase_size(), 0);
  EXPECT_FALSE(sources_.Contains("phase[0]"));
}

TEST_F(OverrideTest, SaysWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {"name", "1: expected PATH=VALUE, found no ="},
      {"", "1: expected PATH=VALUE, found no ="},
      {"=3", "1: expected PATH=VALUE, found no path"},
      {"phase[0].epohcs=3", "10: phase[0].epohcs: expected a field of Phase, found epohcs; did you mean epochs?"},
      {"phase..epochs=3", "1: phase: expected an index from [0] to [1] (which appends), found none"},
      {"model..name=3",
       "7: model: expected a field of Model, found nothing; the valid names are file, name, input, "
       "layer, output"},
      {"modle.name=3", "1: modle: expected a field of Job, found modle; did you mean model?"},
      {"phase.epochs=3", "1: phase: expected an index from [0] to [1] (which appends), found none"},
      {"phase[2].epochs=3", "6: phase[2]: expected an index from [0] to [1] (which appends), found [2]"},
      {"phase[-1].epochs=3", "6: phase[-1]: expected an index from [0] to [1] (which appends), found [-1]"},
      {"phase[x].epochs=3", "6: phase[x]: expected an index from [0] to [1] (which appends), found [x]"},
      {"phase[].epochs=3", "6: phase[]: expected an index from [0] to [1] (which appends), found []"},
      {"phase[0.epochs=3", "6: phase[0: expected an index from [0] to [1] (which appends), found [0"},
      {"phase[99999999999].epochs=3",
       "6: phase[99999999999]: expected an index from [0] to [1] (which appends), found [99999999999]"},
      {"data[0].batch_size=3", "5: data[0]: expected no index, for data is not repeated, found [0]"},
      {"seed.x=3",
       "1: seed: expected a message, for the path goes on, found a field that takes a whole number from 0 "
       "to 18446744073709551615"},
      {"seed=-3", "6: seed: expected a whole number from 0 to 18446744073709551615, found -3"},
      {"seed=", "6: seed: expected a whole number from 0 to 18446744073709551615, found the end of the text"},
      {"seed=3 4", "8: seed: expected the end of the value, found 4"},
      {"precision.compute=bf61", "19: precision.compute: expected F32 or BF16 or F16, found bf61; did you mean BF16?"},
      {"optimizer=sgd", "11: optimizer: expected { fields of Optimizer }, found sgd"},
      {"optimizer={sgd {",
       "17: optimizer.sgd: expected '}' to close sgd (line 1), optimizer (line 1), found the end of "
       "the text"},
      {"optimizer={agd {}}", "12: optimizer.agd: expected a field of Optimizer, found agd; did you mean sgd?"},
      {"phase={}", "7: phase: expected a list in [ ], or an index as in phase[0], found '{'"},
      {"phase[0].learning_rate.step.at_epochs=3",
       "39: phase[0].learning_rate.step.at_epochs: expected a list in [ ], or an index as in at_epochs[0], found 3"},
      {"model.layer[0].input=conv1",
       "22: model.layer[0].input: expected a list in [ ], or an index as in input[0], found conv1"},
      {"name=\"x", "8: expected a closing quote, found the end of the text"},
  };
  for (const auto& [text, error] : cases) EXPECT_EQ(Apply(text), absl::StrCat("--set '", text, "':1:", error));
}

TEST_F(OverrideTest, LimitsDepth) {
  std::string path;
  for (int i = 0; i < 64; ++i) path += "child.";
  test::EveryType message;
  Diagnostics diagnostics;
  ApplyOverride(path + "number=3", {}, &message, &sources_, &diagnostics);
  EXPECT_TRUE(diagnostics.empty()) << diagnostics.ToStatus();
  ApplyOverride(path + "child.number=3", {}, &message, &sources_, &diagnostics);
  ASSERT_EQ(diagnostics.all().size(), 1);
  EXPECT_EQ(diagnostics.all()[0].message, "expected at most 64 nested messages, found more");
}

}  // namespace
}  // namespace espalier
