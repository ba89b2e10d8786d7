#include "hw/integer_evaluation.h"

#include <algorithm>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "hw/activation_statistics.h"
#include "hw/fast_matrix_engine.h"
#include "hw/testing.h"
#include "layers/testing.h"

namespace espalier {
namespace {

using ::testing::HasSubstr;

constexpr char kModel[] =
    "input { name: 'x' dims: [1, 3, 3] } layer { name: 'conv' conv { channels: 4 kernel: 2 } } layer { relu {} } "
    "layer { dense { channels: 3 } }";

// Pictures and labels that are functions of the index.
class TestSamples : public SampleSet {
 public:
  explicit TestSamples(int64_t size) : size_(size) {}
  int64_t size() const override { return size_; }
  SampleType type() const override { return {Shape{1, 3, 3}, 3}; }
  absl::Status Read(int64_t index, uint32_t /*epoch*/, ReadScratch* /*scratch*/, float* image,
                    int32_t* label) const override {
    for (int i = 0; i < 9; ++i) image[i] = static_cast<float>((index * 5 + i * i) % 17) / 8 - 1;
    *label = static_cast<int32_t>(index % 3);
    return absl::OkStatus();
  }

 private:
  int64_t size_;
};

std::unique_ptr<Loader> Load(int64_t size, int64_t batch) {
  LoaderOptions options;
  options.batch_size = batch;
  options.training = false;
  options.shuffle = false;
  options.threads = 0;
  return *Loader::Create(std::make_unique<TestSamples>(size), options);
}

Package MakePackage() {
  Package package;
  *package.info.mutable_model() = ParseModel(kModel);
  package.tensors = MakeRandomNetwork(kModel, 1).tensors;
  return package;
}

TEST(IntegerEvaluationTest, CountsWhatTheNetworkHasRight) {
  const Package package = MakePackage();
  const auto data = Load(50, 8);
  const IntegerNetwork network = *BuildIntegerNetwork(package, IntegerFormat::Int8(), data.get());
  PlainMatrixEngine plain;
  int64_t right = 0;
  for (int64_t i = 0; i < 50; ++i) {
    float image[9];
    int32_t label;
    CHECK(TestSamples(50).Read(i, 0, nullptr, image, &label).ok());
    right += network.Run(image, 1, &plain).top1[0] == label ? 1 : 0;
  }
  FastMatrixEngine a, b, c;
  for (const std::vector<MatrixEngine*>& engines : {std::vector<MatrixEngine*>{&plain}, {&a}, {&a, &b, &c}}) {
    const IntegerAccuracy accuracy = *EvaluateIntegerNetwork(network, *data, engines);
    EXPECT_EQ(accuracy.samples, 50);
    EXPECT_EQ(accuracy.top1_right, right);
  }
}

// Also where that is not a number of whole batches.
TEST(IntegerEvaluationTest, TakesTheFirstSamples) {
  const auto data = Load(50, 8);
  const IntegerNetwork network = *BuildIntegerNetwork(MakePackage(), IntegerFormat::Int8(), data.get());
  FastMatrixEngine a, b, c;
  int64_t right = 0;
  for (const int64_t samples : {1, 8, 10, 17, 50, 99}) {
    const IntegerAccuracy one = *EvaluateIntegerNetwork(network, *data, {&a}, samples);
    EXPECT_EQ(one.samples, std::min<int64_t>(samples, 50));
    EXPECT_GE(one.top1_right, right);
    right = one.top1_right;
    const IntegerAccuracy three = *EvaluateIntegerNetwork(network, *data, {&a, &b, &c}, samples);
    EXPECT_EQ(three.samples, one.samples);
    EXPECT_EQ(three.top1_right, one.top1_right);
  }
}

TEST(IntegerEvaluationTest, PicturesMustFit) {
  Package package = MakePackage();
  const auto data = Load(8, 8);
  package.info.mutable_model()->mutable_input(0)->set_dims(1, 4);
  EXPECT_THAT(std::string(BuildIntegerNetwork(package, IntegerFormat::Int8(), data.get()).status().message()),
              HasSubstr("tensor"));
}

TEST(IntegerEvaluationTest, RangesComeFromDataOrFromThePackage) {
  Package package = MakePackage();
  EXPECT_THAT(std::string(BuildIntegerNetwork(package, IntegerFormat::Fixed16(), nullptr).status().message()),
              HasSubstr("expected the ranges of 3 activations, found 0"));
  const auto data = Load(50, 10);
  const InferenceNetwork network = *BuildInferenceNetwork(package.info.model(), 10);
  const auto activations = *GatherActivations(network, package.tensors, *data, 1000);
  StoreActivations(network, activations, &package.info);
  const IntegerNetwork gathered = *BuildIntegerNetwork(package, IntegerFormat::Fixed16(), data.get());
  const IntegerNetwork stored = *BuildIntegerNetwork(package, IntegerFormat::Fixed16(), nullptr);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(stored.activations()[i].unit, gathered.activations()[i].unit);
    EXPECT_EQ(stored.activations()[i].limits.minimum, gathered.activations()[i].limits.minimum);
  }
  package.info.mutable_activation(1)->set_name("other");
  EXPECT_THAT(std::string(BuildIntegerNetwork(package, IntegerFormat::Fixed16(), nullptr).status().message()),
              HasSubstr("expected the range of \"relu1\", found that of \"other\""));
  package.info.mutable_activation(1)->set_name("relu1");
  package.info.mutable_activation(1)->set_max_magnitude(-1);
  EXPECT_THAT(std::string(BuildIntegerNetwork(package, IntegerFormat::Fixed16(), nullptr).status().message()),
              HasSubstr("expected a finite magnitude, found -1"));
}

TEST(IntegerEvaluationTest, StatisticsAreThoseOfTheActivations) {
  const RandomNetwork random = MakeRandomNetwork(kModel, 7);
  const auto data = Load(21, 7);
  const auto activations = *GatherActivations(random.network, random.tensors, *data, 14);
  MagnitudeHistogram images;
  for (int64_t i = 0; i < 14; ++i) {
    float image[9];
    int32_t label;
    CHECK(TestSamples(21).Read(i, 0, nullptr, image, &label).ok());
    images.Add(image);
  }
  EXPECT_EQ(activations[0].counts(), images.counts());
  EXPECT_EQ(activations[0].minimum(), images.minimum());
  EXPECT_EQ(activations[1].minimum(), 0);  // behind the rectifier
  EXPECT_GT(activations[1].max_magnitude(), 0);
}

}  // namespace
}  // namespace espalier
