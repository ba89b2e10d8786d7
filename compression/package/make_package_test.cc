#include "compression/package/make_package.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "compression/package/evaluation_network.h"
#include "compression/package/network_tensors.h"
#include "compression/package/package_file.h"
#include "core/random.h"

namespace espalier {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

PackageInfo Network(const std::string& layers) {
  PackageInfo info;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      "model { input { name: \"image\" dims: [2, 8, 8] } " + layers + "}", &info));
  return info;
}

constexpr char kConvNet[] = R"(
    layer { conv { channels: 6 kernel: 3 bias: false } } layer { batch_norm { epsilon: 0.001 } } layer { relu {} }
    layer { conv { channels: 4 kernel: 3 } } layer { batch_norm {} } layer { dense { channels: 10 } })";

// Random numbers for all parameters and states; variances and scales positive.
std::vector<NamedTensor> RandomWeights(const PackageInfo& info) {
  const absl::StatusOr<std::vector<NetworkTensor>> network = NetworkTensors(info.model());
  EXPECT_TRUE(network.ok()) << network.status();
  std::vector<NamedTensor> tensors;
  for (const NetworkTensor& expected : *network) {
    tensors.push_back({expected.name, Tensor(DType::kF32, expected.shape)});
    Random random(1, "weights", 0, tensors.size());
    for (float& value : tensors.back().tensor.span<float>()) {
      value = expected.role == ParameterRole::kNorm ? random.Uniform(0.2f, 3) : random.Normal();
    }
  }
  return tensors;
}

Package Make(const PackageInfo& info, absl::Span<const NamedTensor> tensors, const MakePackageOptions& options = {}) {
  absl::StatusOr<Package> package = MakePackage(info, tensors, options);
  EXPECT_TRUE(package.ok()) << package.status();
  return *std::move(package);
}

Tensor Find(absl::Span<const NamedTensor> tensors, const std::string& name) {
  for (const NamedTensor& tensor : tensors) {
    if (tensor.name == name) return tensor.tensor;
  }
  ADD_FAILURE() << "no " << name;
  return {};
}

const PackedTensor& Find(const Package& package, const std::string& name) {
  for (const PackedTensor& tensor : package.tensors) {
    if (tensor.name == name) return tensor;
  }
  ADD_FAILURE() << "no " << name;
  return package.tensors[0];
}

std::vector<float> OutputOf(const Package& package, int64_t batch) {
  const auto network = EvaluationNetwork::Create(package, batch);
  EXPECT_TRUE(network.ok()) << network.status();
  Tensor images(DType::kF32, (*network)->input_shape());
  Random random(1, "images", 0, 0);
  for (float& value : images.span<float>()) value = random.Normal();
  const Tensor output = (*network)->Run(images);
  return {output.span<float>().begin(), output.span<float>().end()};
}

TEST(MakePackageTest, FoldedBatchNormsComputeTheSame) {
  const PackageInfo info = Network(kConvNet);
  const std::vector<NamedTensor> weights = RandomWeights(info);
  MakePackageOptions unfolded;
  unfolded.fold_batch_norm = false;
  const Package folded = Make(info, weights);
  EXPECT_EQ(std::get<ConstantValue>(Find(folded, "batch_norm1/mean").values).value, 0);
  const float variance = std::get<ConstantValue>(Find(folded, "batch_norm1/variance").values).value;
  EXPECT_EQ(variance + 0.001f, 1.0f);
  const std::vector<float> expected = OutputOf(Make(info, weights, unfolded), 3), found = OutputOf(folded, 3);
  ASSERT_EQ(found.size(), 30);
  for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-4 * (1 + std::abs(expected[i])));
}

TEST(MakePackageTest, FewValuesAreShared) {
  const PackageInfo info = Network("layer { dense { channels: 10 } } layer { dense { channels: 5 } }");
  const std::vector<NamedTensor> weights = RandomWeights(info);
  const absl::Span<float> first = Find(weights, "dense1/weight").span<float>();
  for (size_t i = 0; i < first.size(); ++i) first[i] = i % 3 == 0 ? 0.25f * static_cast<float>(1 + i % 8) : -0.0f;
  for (float& value : Find(weights, "dense2/bias").span<float>()) value = 7;
  const Package package = Make(info, weights);
  const auto& shared = std::get<SharedValues>(Find(package, "dense1/weight").values);
  EXPECT_EQ(shared.codebook.size(), 9);
  EXPECT_EQ(shared.codebook[0], 0);
  EXPECT_EQ(shared.codes[1], 0);
  EXPECT_EQ(shared.codebook[shared.codes[3]], 1);
  EXPECT_TRUE(std::holds_alternative<FloatValues>(Find(package, "dense2/weight").values));
  EXPECT_TRUE(std::holds_alternative<FloatValues>(Find(package, "dense1/bias").values));
  EXPECT_EQ(std::get<ConstantValue>(Find(package, "dense2/bias").values).value, 7);
}

TEST(MakePackageTest, NumbersAreRoundedOnRequest) {
  const PackageInfo info = Network("layer { dense { channels: 10 } }");
  const std::vector<NamedTensor> weights = RandomWeights(info);
  for (float& value : Find(weights, "dense1/weight").span<float>()) value = value > 1 ? 0.1f : value > 0 ? 1e-9f : 0;
  MakePackageOptions options;
  options.shared_values = DType::kF16;
  options.small_tensors = DType::kBF16;
  const Package package = Make(info, weights, options);
  const Tensor bias = Find(weights, "dense1/bias");
  const auto& floats = std::get<FloatValues>(Find(package, "dense1/bias").values);
  EXPECT_EQ(floats.dtype, DType::kBF16);
  EXPECT_EQ(floats.values[3], ToFloat(ToBFloat16(bias.data<float>()[3])));
  // What F16 cannot tell from 0 is pruned.
  const absl::StatusOr<std::string> bytes = EncodePackage(package);
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  const absl::StatusOr<Package> decoded = DecodePackage(*bytes);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_THAT(std::get<SharedValues>(decoded->tensors[0].values).codebook, ElementsAre(0, ToFloat(ToFloat16(0.1f))));
}

TEST(MakePackageTest, EveryProblemIsReported) {
  const PackageInfo info = Network(kConvNet);
  std::vector<NamedTensor> weights = RandomWeights(info);
  weights[0].name = "other";
  weights[1].tensor = Tensor(DType::kF32, {7});
  weights[2].tensor.data<float>()[1] = NAN;
  const absl::Status status = MakePackage(info, weights).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("conv1/weight: expected [6, 2, 3, 3], found no such tensor"),
                    HasSubstr("other: expected no such tensor, found [6, 2, 3, 3]"),
                    HasSubstr("batch_norm1/scale: expected f32 [6], found f32 [7]"),
                    HasSubstr("batch_norm1/shift: expected finite numbers")));
}

TEST(EvaluationNetworkTest, CountsWhatIsRight) {
  PackageInfo info = Network("layer { dense { channels: 10 } }");
  const std::vector<NamedTensor> weights = RandomWeights(info);
  const absl::Span<float> bias = Find(weights, "dense1/bias").span<float>();
  for (int i = 0; i < 10; ++i) bias[i] = static_cast<float>(i);
  const auto network = EvaluationNetwork::Create(Make(info, weights), 4);
  ASSERT_TRUE(network.ok()) << network.status();
  const Tensor images(DType::kF32, (*network)->input_shape());  // black: the output is the bias
  const TopCounts counts = (*network)->Count(images, Tensor::Of<int32_t>({4}, {9, 5, 4, -1}));
  EXPECT_EQ(counts.samples, 3);
  EXPECT_EQ(counts.top1, 1);
  EXPECT_EQ(counts.top5, 2);
}

// A network of one layer that names 70 drawn digits for its validation.
PackageInfo DigitNetwork() {
  PackageInfo info;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      R"(model { input { name: "image" dims: [1, 28, 28] } layer { dense { channels: 10 } } }
         data { validation { builtin_digits { samples: 70 seed: 3 } } batch_size: 32 })",
      &info));
  return info;
}

TEST(EvaluationNetworkTest, RunsOverTheSamplesThatThePackageNames) {
  const PackageInfo info = DigitNetwork();
  Package package = Make(info, RandomWeights(info));
  int64_t heard = 0;
  const auto counts = EvaluatePackage(package, "", [&](int64_t done, int64_t all) {
    heard = done;
    EXPECT_EQ(all, 70);
  });
  ASSERT_TRUE(counts.ok()) << counts.status();
  EXPECT_EQ(counts->samples, 70);
  EXPECT_EQ(heard, 70);
  EXPECT_LE(counts->top1, counts->top5);
  package.info.clear_data();
  EXPECT_THAT(std::string(EvaluatePackage(package, "", nullptr).status().message()),
              HasSubstr("names validation samples"));
}

// Only a job's data is proven before; a package may name anything.
TEST(EvaluationNetworkTest, SamplesThatCannotBeAreRefused) {
  PackageInfo info = Network("layer { dense { channels: 10 } }");
  const Package sound = Make(info, RandomWeights(info));
  const auto error = [&](const std::string& data) {
    Package package = sound;
    CHECK(google::protobuf::TextFormat::ParseFromString(data, package.info.mutable_data())) << data;
    const absl::Status status = EvaluatePackage(package, "", nullptr).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  EXPECT_THAT(error("validation { builtin_digits { samples: -1 } }"),
              HasSubstr("builtin_digits.samples: expected a number of at least 1, found -1"));
  EXPECT_THAT(error("validation { builtin_digits { } } validation_batch_size: -3"), HasSubstr("found -3"));
}

TEST(EvaluationNetworkTest, BatchesStayWithinReason) {
  const PackageInfo info = DigitNetwork();
  Package package = Make(info, RandomWeights(info));
  const TopCounts counts = EvaluatePackage(package, "", nullptr).value();
  package.info.mutable_data()->set_validation_batch_size(2147483647);
  const auto again = EvaluatePackage(package, "", nullptr);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->top1, counts.top1);
  EXPECT_EQ(again->samples, 70);
  EXPECT_THAT(std::string(OpenValidation(package, "", 1 << 20).status().message()),
              HasSubstr("expected a batch of at most 342392 samples of 784 numbers, found 1048576"));
}

TEST(EvaluationNetworkTest, OtherTensorsAreRefused) {
  const PackageInfo info = Network(kConvNet);
  Package package = Make(info, RandomWeights(info));
  package.tensors[0].name = "other";
  EXPECT_THAT(std::string(EvaluationNetwork::Create(package, 1).status().message()),
              HasSubstr("found other [6, 2, 3, 3]"));
}

}  // namespace
}  // namespace espalier
