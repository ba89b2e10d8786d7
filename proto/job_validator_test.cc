#include "proto/job_validator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "proto/text_reader.h"

namespace espalier {
namespace {

std::string ModelErrors(const std::string& text) {
  Model model;
  SourceMap sources;
  Diagnostics diagnostics;
  ReadText(text, "f", {}, &model, &sources, &diagnostics);
  ValidateModel(model, "", sources, &diagnostics);
  return std::string(diagnostics.ToStatus().message());
}

// Of a model with this layer.
std::string LayerErrors(const std::string& layer) {
  return ModelErrors(absl::StrCat("input { dims: [3, 8, 8] }\nlayer { ", layer, " }"));
}

std::string JobErrors(const std::string& text) {
  Job job;
  SourceMap sources;
  Diagnostics diagnostics;
  ReadText(text, "f", {}, &job, &sources, &diagnostics);
  ValidateJob(job, sources, &diagnostics);
  return std::string(diagnostics.ToStatus().message());
}

// Of a job that is complete with this on its third line.
std::string PartErrors(const std::string& part, const std::string& dataset = "") {
  return JobErrors(absl::StrCat("model { input { dims: 3 } layer { relu {} } }\ndata { train { builtin_digits {} ",
                                dataset, " } }\n", part,
                                "\noptimizer { sgd {} } phase { name: 'p' learning_rate { constant: 0.1 } }"));
}

TEST(JobValidator, AcceptsGoodJobs) {
  EXPECT_EQ(PartErrors(""), "");
  EXPECT_EQ(PartErrors("phase { learning_rate { step { base: 1 at_epochs: [1, 2.5] } } } precision { loss_scale { } }",
                       "normalize { mean: [0, 1] stddev: [1, 1] } augment { random_resized_crop { size: 3 } }"),
            "");
}

TEST(JobValidator, AcceptsGoodLayers) {
  for (const char* layer : {"conv { channels: 4 kernel: 3 stride: 2 pad: 1 groups: 2 }",
                            "conv { channels: 4 kernel_h: 1 kernel_w: 7 pad_w: 3 stride_h: 2 }",
                            "pool { kernel: 3 pad: 1 }", "pool { kernel_h: 2 kernel_w: 3 pad: 1 }", "lrn { size: 5 }",
                            "reshape { dims: [2, -1] }", "transpose { order: [0, 2, 3, 1] }",
                            "residual { body { layer { relu {} } } }", "branches { branch {} branch {} }",
                            "sequence { }", "dense { channels: 1 weight_init { uniform { low: 1 high: 1 } } }"}) {
    EXPECT_EQ(LayerErrors(layer), "") << layer;
  }
}

TEST(JobValidator, ChecksLayers) {
  const std::pair<const char*, const char*> cases[] = {
      {"conv { channels: 4 }", "9: layer[0].conv: expected either kernel or both kernel_h and kernel_w, found neither"},
      {"conv { channels: 4 kernel_h: 3 }",
       "9: layer[0].conv: expected either kernel or both kernel_h and kernel_w, found kernel_h alone"},
      {"pool { kernel_w: 3 }",
       "9: layer[0].pool: expected either kernel or both kernel_h and kernel_w, found kernel_w alone"},
      {"conv { channels: 4 kernel: 3 kernel_w: 3 }",
       "28: layer[0].conv.kernel: expected either kernel or both kernel_h and kernel_w, found kernel beside a side"},
      {"conv { channels: 4 kernel: 3 stride: 1 stride_h: 2 }",
       "38: layer[0].conv.stride: expected either stride or stride_h and stride_w, found both"},
      {"conv { channels: 4 kernel: 3 pad: 1 pad_w: 2 }",
       "38: layer[0].conv.pad: expected either pad or pad_h and pad_w, found both"},
      {"conv { channels: 4 kernel: 3 groups: 3 }",
       "38: layer[0].conv.groups: expected a divisor of the 4 channels, found 3"},
      {"conv { channels: 4 kernel: 1 bias_init { uniform { low: 2 high: 1 } } }",
       "60: layer[0].conv.bias_init.uniform.low: expected at most high, which is 1, found 2"},
      {"dense { channels: 4 weight_init { uniform { low: 1 } } }",
       "53: layer[0].dense.weight_init.uniform.low: expected at most high, which is 0.05, found 1"},
      {"pool { kernel: 2 pad: 2 }", "26: layer[0].pool.pad: expected less than the kernel, which is 2, found 2"},
      {"lrn { size: 4 }",
       "15: layer[0].lrn.size: expected an odd number (a channel and as many on either side), found 4"},
      {"reshape { dims: [0, 3] }", "26: layer[0].reshape.dims[0]: expected a size or -1, found 0"},
      {"reshape { dims: [-1, 3, -1] }", "26: layer[0].reshape.dims: expected -1 once at most, found it 2 times"},
      {"transpose { order: [0, 2, 2] }", "29: layer[0].transpose.order: expected each of 0 to 2 once, found [0, 2, 2]"},
      {"transpose { order: [1, 2] }", "29: layer[0].transpose.order: expected each of 0 to 1 once, found [1, 2]"},
      {"residual { body { } }", "20: layer[0].residual.body.layer: expected at least one, found none"},
      {"residual { shortcut { } }", "9: layer[0].residual.body: expected a value (it is required), found none"},
      {"name: '' relu {}", "9: layer[0].name: expected a name that is not empty, found \"\""},
      {"sequence { layer { residual { body { layer { lrn { size: 2 } } } } } }",
       "60: layer[0].sequence.layer[0].residual.body.layer[0].lrn.size: expected an odd number (a channel and as many "
       "on "
       "either side), found 2"},
      {"branches { branch { layer { conv { channels: 1 } } } }",
       "37: layer[0].branches.branch[0].layer[0].conv: expected either kernel or both kernel_h and kernel_w, found "
       "neither"},
  };
  for (const auto& [layer, error] : cases) EXPECT_EQ(LayerErrors(layer), absl::StrCat("f:2:", error)) << layer;
}

TEST(JobValidator, WantsNamesUniqueInTheirScope) {
  EXPECT_EQ(ModelErrors(R"(
input { name: "x" dims: 1 }
layer { name: "a" relu {} }
layer { name: "x" relu {} }
layer { name: "b" sequence { layer { name: "a" relu {} } layer { name: "a" relu {} } } }
layer { name: "a" relu {} })"),
            "f:4:9: layer[1].name: expected a name of its own, found x, which stands at f:2:9 too\n"
            "f:5:66: layer[2].sequence.layer[1].name: expected a name of its own, found a, which stands at f:5:38 too\n"
            "f:6:9: layer[3].name: expected a name of its own, found a, which stands at f:3:9 too");
}

TEST(JobValidator, LimitsTheRankOfInputs) {
  EXPECT_EQ(ModelErrors("input { dims: [1, 1, 1, 1, 1, 1] }\nlayer { relu {} }"),
            "f:1:16: input[0].dims: expected at most 5 dimensions beside the batch, found 6");
}

TEST(JobValidator, ChecksData) {
  const std::pair<const char*, const char*> cases[] = {
      {"normalize { mean: [0, 0] stddev: 1 }",
       "59: data.train.normalize.stddev: expected one for each mean: 2, found 1"},
      {"augment { random_resized_crop { size: 1 min_area: 0.5 max_area: 0.25 } }",
       "74: data.train.augment.random_resized_crop.min_area: expected at most max_area, which is 0.25, found 0.5"},
  };
  for (const auto& [dataset, error] : cases) EXPECT_EQ(PartErrors("", dataset), absl::StrCat("f:2:", error));
  EXPECT_EQ(JobErrors(R"(model { input { dims: 3 } layer { relu {} } }
data { train { image_folder { folder: "x" size: 32 resize: 31 } } } optimizer { sgd {} }
phase { learning_rate { constant: 0 } })"),
            "f:2:52: data.train.image_folder.resize: expected at least size, which is 32, found 31");
}

TEST(JobValidator, ChecksPhasesAndPrecision) {
  const std::pair<const char*, const char*> cases[] = {
      {"precision { loss_scale { initial: 4 maximum: 2 } }",
       "3:26: precision.loss_scale.initial: expected at most maximum, which is 2, found 4"},
      {"phase { name: 'p' learning_rate { constant: 1 } }",
       "4:30: phase[1].name: expected a name of its own, found p, which stands at f:3:9 too"},
      {"phase { learning_rate { constant: 1 } early_stop {} }",
       "3:39: phase[0].early_stop: expected data.validation, which decides when to stop, found none"},
      {"phase { learning_rate { step { base: 1 at_epochs: [2, 1] } } }",
       "3:55: phase[0].learning_rate.step.at_epochs[1]: expected more than the one before, which is 2, found 1"},
      {"phase { learning_rate { constant: 1 } restore_dense {} }",
       "3:39: phase[0].restore_dense: expected a phase before that prunes, shares or rounds weights, found none"},
      {"phase { learning_rate { constant: 1 } prune { sparsity: 0.3 } restore_dense {} }",
       "3:63: phase[0].restore_dense: expected either prune or restore_dense in a phase, found both"},
      {"phase { epochs: 2 learning_rate { constant: 1 } prune { sparsity: 0.3 gradual { epochs: 2.5 } } }",
       "3:81: phase[0].prune.gradual.epochs: expected at most the phase's epochs, which are 2, found 2.5"},
  };
  for (const auto& [part, error] : cases) EXPECT_EQ(PartErrors(part), absl::StrCat("f:", error));
}

TEST(JobValidator, ChecksHowRanksShareTheWork) {
  const std::pair<const char*, const char*> cases[] = {
      {"parallel { reproducible { shards: 48 } }",
       "data.batch_size: expected a multiple of the 48 shards of parallel.reproducible, found 64"},
      {"parallel { reproducible {} data { wire: BF16 } }",
       "parallel.data.wire: expected F32 with parallel.reproducible, found BF16"},
      {"parallel { reproducible {} data { synchronized_batch_norm: true } }",
       "parallel.data.synchronized_batch_norm: expected false with parallel.reproducible, whose shards are computed "
       "one by one, found true"},
      {"parallel { reproducible {} data { parameter_server { asynchronous {} } } }",
       "parallel.data.parameter_server.asynchronous: expected synchronous with parallel.reproducible, since gradients "
       "arrive in another order in every run, found asynchronous"},
      {"parallel { data { parameter_server { bounded_staleness {} } synchronized_batch_norm: true } }",
       "parallel.data.parameter_server.bounded_staleness: expected synchronous with synchronized_batch_norm, whose "
       "ranks make every step together, found bounded_staleness"},
  };
  for (const auto& [part, error] : cases) EXPECT_THAT(PartErrors(part), testing::EndsWith(error));
  EXPECT_EQ(PartErrors("parallel { reproducible {} data { parameter_server { synchronous {} } } }"), "");
}

TEST(JobValidator, WantsAnOptimizer) {
  const std::string rest = "model { input { dims: 3 } layer { relu {} } } data { train { builtin_digits {} } }";
  EXPECT_EQ(JobErrors(rest + "phase { learning_rate { constant: 1 } }"),
            "f:1:1: optimizer: expected one in the job or its first phase, found none");
  EXPECT_EQ(JobErrors(rest + "phase { learning_rate { constant: 1 } optimizer { adam {} } }"), "");
}

TEST(JobValidator, SaysNothingThatAnEarlierErrorExplains) {
  // A misspelt name explains what is missing beside it, but nothing elsewhere.
  EXPECT_EQ(JobErrors(R"(modle { } optimizer { }
data { train { builtin_digits { } } batch_size: x }
phase { learning_rate { cosine { peek: 1 } } })"),
            "f:1:1: modle: expected a field of Job, found modle; did you mean model?\n"
            "f:1:11: optimizer: expected one of sgd, adam, adamw, rmsprop, adagrad, found none\n"
            "f:2:49: data.batch_size: expected a whole number from -2147483648 to 2147483647, found x\n"
            "f:3:34: phase[0].learning_rate.cosine.peek: expected a field of CosineSchedule, found peek; did you mean "
            "peak?");
  EXPECT_EQ(LayerErrors("conv { channels: 4 kernel: three }"),
            "f:2:36: layer[0].conv.kernel: expected a whole number from -2147483648 to 2147483647, found three");
  // Where brackets do not match, what seems missing may stand elsewhere.
  EXPECT_EQ(JobErrors("model {"), "f:1:8: model: expected '}' to close model (line 1), found the end of the text");
}

}  // namespace
}  // namespace espalier
