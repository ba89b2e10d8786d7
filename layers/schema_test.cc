// Walks the kinds of layers in the schema. A kind that lacks one of the places of a layer (docs/adding_a_layer.md)
// fails here, with the name of what is missing.
#include <cmath>
#include <numeric>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/append_gradients.h"
#include "core/ops/structure.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "layers/layer_names.h"
#include "layers/register.h"
#include "layers/testing.h"
#include "proto/job_loader.h"

namespace espalier {
namespace {

// What the model builder expands itself; their tests are the builder's.
bool IsComposite(absl::string_view kind) { return kind == "sequence" || kind == "residual" || kind == "branches"; }

// "batch_norm" -> "BatchNorm".
std::string CamelCase(absl::string_view kind) {
  std::string name;
  for (absl::string_view word : absl::StrSplit(kind, '_')) {
    absl::StrAppend(&name, std::string(1, absl::ascii_toupper(word[0])), word.substr(1));
  }
  return name;
}

bool HasTestSuite(const std::string& name) {
  const testing::UnitTest& test = *testing::UnitTest::GetInstance();
  for (int i = 0; i < test.total_test_suite_count(); ++i) {
    if (test.GetTestSuite(i)->name() == name) return true;
  }
  return false;
}

bool Uses(const LayerList& layers, absl::string_view kind) {
  for (const Layer& layer : layers) {
    if (KindName(layer) == kind) return true;
  }
  return false;
}

Tensor InputFor(const Value& input) {
  if (input.type.dtype == DType::kS32) return Tensor(DType::kS32, input.type.shape);
  return Ramp(input.type.shape, -1, 0.125f);
}

std::vector<float> Infer(const Graph& graph, ValueId output) {
  std::map<std::string, Tensor> inputs;
  for (ValueId id : graph.inputs()) inputs[graph.value(id).name] = InputFor(graph.value(id));
  return RunReference(graph, output, inputs);
}

class SchemaTest : public testing::TestWithParam<std::string> {};

TEST_P(SchemaTest, HasAMaker) {
  const auto* field = Layer::descriptor()->FindFieldByName(GetParam());
  EXPECT_EQ(FindLayerMaker(static_cast<Layer::KindCase>(field->number())) == nullptr, IsComposite(GetParam()))
      << "add the kind " << GetParam() << " to the table in layers/register.cc";
}

TEST_P(SchemaTest, HasATest) {
  if (IsComposite(GetParam())) return;
  const std::string suite = CamelCase(GetParam()) + "LayerTest";
  EXPECT_TRUE(HasTestSuite(suite)) << "write layers/<family>/" << GetParam() << "_test.cc with the suite " << suite;
}

TEST_P(SchemaTest, HasASmallestModelThatTrains) {
  const std::string file = absl::StrCat("configs/layers/", GetParam(), ".pbtxt");
  const absl::StatusOr<ModelDocument> document = LoadModel(file);
  ASSERT_TRUE(document.ok()) << "write " << file << ", the smallest model with a " << GetParam()
                             << " layer: " << document.status();
  EXPECT_TRUE(Uses(document->model.layer(), GetParam())) << file << " has no layer of the kind";

  BuildOptions options;
  options.batch_size = 2;
  options.sources = &document->sources;
  Graph inference;
  const auto built = BuildModel(document->model, options, &inference);
  ASSERT_TRUE(built.ok()) << built.status();
  for (float value : Infer(inference, built->output)) EXPECT_TRUE(std::isfinite(value)) << file;

  // Every parameter and the input get a gradient.
  options.training = true;
  Graph training;
  const auto trained = BuildModel(document->model, options, &training);
  ASSERT_TRUE(trained.ok()) << trained.status();
  std::vector<int> axes(training.type(trained->output).shape.rank());
  std::iota(axes.begin(), axes.end(), 0);
  const ValueId sum = training.Add1(std::make_shared<ReduceOp>(Reduction::kSum, axes), {trained->output}).value();
  const ValueId seed = training.AddInput("seed", training.type(sum));
  std::vector<ValueId> targets = training.parameter_values();
  targets.push_back(trained->inputs[0]);
  const auto gradients = AppendGradients(&training, sum, seed, targets);
  ASSERT_TRUE(gradients.ok()) << gradients.status();
  for (size_t i = 0; i < targets.size(); ++i) {
    ASSERT_NE((*gradients)[i], kNoValue) << training.value(targets[i]).name;
    for (float value : Infer(training, (*gradients)[i])) EXPECT_TRUE(std::isfinite(value)) << file;
  }
}

std::vector<std::string> Kinds() {
  std::vector<std::string> kinds;
  const auto* oneof = Layer::descriptor()->FindOneofByName("kind");
  for (int i = 0; i < oneof->field_count(); ++i) kinds.push_back(oneof->field(i)->name());
  return kinds;
}

INSTANTIATE_TEST_SUITE_P(Kinds, SchemaTest, testing::ValuesIn(Kinds()), [](const auto& info) { return info.param; });

}  // namespace
}  // namespace espalier
