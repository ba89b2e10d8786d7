#include "data/loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace espalier {
namespace {

using ::testing::HasSubstr;

// Sample i of epoch e is [i, e], label i % 7. Sample `failing` cannot be read. Some take long, so that threads overtake
// one another.
class CountingSamples : public SampleSet {
 public:
  explicit CountingSamples(int64_t size, int64_t failing = -1) : size_(size), failing_(failing) {}
  int64_t size() const override { return size_; }
  SampleType type() const override { return {{1, 1, 2}, 7}; }
  absl::Status Read(int64_t index, uint32_t epoch, ReadScratch*, float* image, int32_t* label) const override {
    if (index == failing_) return absl::DataLossError(absl::StrCat("sample ", index, " is corrupt"));
    if (index % 5 == 0) std::this_thread::sleep_for(std::chrono::microseconds(index % 50));
    image[0] = static_cast<float>(index);
    image[1] = static_cast<float>(epoch);
    *label = static_cast<int32_t>(index % 7);
    return absl::OkStatus();
  }

 private:
  int64_t size_;
  int64_t failing_;
};

std::unique_ptr<Loader> MakeLoader(int64_t size, const LoaderOptions& options, int64_t failing = -1) {
  auto loader = Loader::Create(std::make_unique<CountingSamples>(size, failing), options);
  CHECK(loader.ok()) << loader.status();
  return *std::move(loader);
}

// Everything that a caller sees of one batch.
struct Seen {
  std::vector<float> images;
  std::vector<int32_t> labels, ids;
  int64_t count, index;
  uint32_t epoch;
  bool operator==(const Seen& other) const {
    return images == other.images && labels == other.labels && ids == other.ids && count == other.count &&
           index == other.index && epoch == other.epoch;
  }
};

Seen NextOf(Loader* loader) {
  auto batch = loader->Next();
  CHECK(batch.ok()) << batch.status();
  const Batch& b = **batch;
  const auto images = b.images.span<float>();
  const auto labels = b.labels.span<int32_t>(), ids = b.sample_ids.span<int32_t>();
  return {{images.begin(), images.end()},
          {labels.begin(), labels.end()},
          {ids.begin(), ids.end()},
          b.count,
          b.index,
          b.epoch};
}

LoaderOptions Options(int64_t batch_size, bool training) {
  LoaderOptions options;
  options.batch_size = batch_size;
  options.training = options.shuffle = training;
  return options;
}

TEST(Loader, TrainingEpochVisitsSamplesOnceAndDropsTheShortBatch) {
  auto loader = MakeLoader(103, Options(10, true));
  EXPECT_EQ(loader->batches_per_epoch(), 10);
  std::vector<int32_t> orders[2];
  for (uint32_t epoch = 0; epoch < 2; ++epoch) {
    std::map<int32_t, int> visits;
    for (int64_t b = 0; b < 10; ++b) {
      const Seen seen = NextOf(loader.get());
      EXPECT_EQ(seen.epoch, epoch);
      EXPECT_EQ(seen.index, b);
      EXPECT_EQ(seen.count, 10);
      for (int row = 0; row < 10; ++row) {
        EXPECT_EQ(seen.images[2 * row], seen.ids[row]);
        EXPECT_EQ(seen.images[2 * row + 1], epoch);
        EXPECT_EQ(seen.labels[row], seen.ids[row] % 7);
        ++visits[seen.ids[row]];
        orders[epoch].push_back(seen.ids[row]);
      }
    }
    EXPECT_EQ(visits.size(), 100u);
  }
  EXPECT_NE(orders[0], orders[1]);
}

TEST(Loader, ValidationCoversEverySampleOnceAndPads) {
  auto loader = MakeLoader(23, Options(10, false));
  ASSERT_EQ(loader->batches_per_epoch(), 3);
  int32_t expected = 0;
  for (int b = 0; b < 3; ++b) {
    const Seen seen = NextOf(loader.get());
    EXPECT_EQ(seen.count, b < 2 ? 10 : 3);
    for (int row = 0; row < seen.count; ++row) EXPECT_EQ(seen.ids[row], expected++);
    for (int64_t row = seen.count; row < 10; ++row) {
      EXPECT_EQ(seen.labels[row], -1);
      EXPECT_EQ(seen.images[2 * row], seen.images[0]);
    }
  }
  EXPECT_EQ(expected, 23);
  EXPECT_EQ(NextOf(loader.get()).epoch, 1u);
}

TEST(Loader, ThreadsAndPrefetchChangeNothing) {
  LoaderOptions options = Options(16, true);
  options.threads = 0;
  options.prefetch = 1;
  auto plain = MakeLoader(200, options);
  std::vector<Seen> expected;
  for (int i = 0; i < 30; ++i) expected.push_back(NextOf(plain.get()));
  for (auto [threads, prefetch] : {std::pair(1, 1), {1, 4}, {3, 2}, {7, 16}}) {
    options.threads = threads;
    options.prefetch = prefetch;
    auto loader = MakeLoader(200, options);
    for (const Seen& batch : expected) ASSERT_EQ(NextOf(loader.get()), batch) << threads << " threads";
  }
}

TEST(Loader, SeekContinuesTheSameSequence) {
  LoaderOptions options = Options(16, true);
  options.threads = 3;
  auto straight = MakeLoader(100, options);
  std::vector<Seen> expected;
  for (int i = 0; i < 18; ++i) expected.push_back(NextOf(straight.get()));
  auto loader = MakeLoader(100, options);
  NextOf(loader.get());
  for (int start : {8, 3, 11, 0}) {
    loader->Seek(start / 6, start % 6);
    for (int i = start; i < start + 5; ++i) EXPECT_EQ(NextOf(loader.get()), expected[i]) << "from " << start;
  }
}

TEST(Loader, RangesOfRowsMakeUpTheSameBatches) {
  LoaderOptions options = Options(12, false);
  auto whole = MakeLoader(31, options);
  std::unique_ptr<Loader> parts[3];
  const int64_t ends[] = {0, 5, 6, 12};
  for (int i = 0; i < 3; ++i) {
    options.row_begin = ends[i];
    options.row_end = ends[i + 1];
    parts[i] = MakeLoader(31, options);
  }
  for (int b = 0; b < 6; ++b) {
    const Seen global = NextOf(whole.get());
    Seen joined;
    int64_t count = 0;
    for (auto& part : parts) {
      const Seen local = NextOf(part.get());
      joined.ids.insert(joined.ids.end(), local.ids.begin(), local.ids.end());
      joined.labels.insert(joined.labels.end(), local.labels.begin(), local.labels.end());
      count += local.count;
    }
    EXPECT_EQ(joined.ids, global.ids);
    EXPECT_EQ(joined.labels, global.labels);
    EXPECT_EQ(count, global.count);
  }
}

TEST(Loader, StridesMakeUpTheSameEpoch) {
  LoaderOptions options = Options(4, false);
  options.training = false;
  auto whole = MakeLoader(31, options);
  ASSERT_EQ(whole->batches_per_epoch(), 8);
  options.batch_stride = 3;
  std::unique_ptr<Loader> parts[3];
  for (options.first_batch = 0; options.first_batch < 3; ++options.first_batch) {
    parts[options.first_batch] = MakeLoader(31, options);
  }
  EXPECT_EQ(parts[1]->batches_per_epoch(), 3);
  EXPECT_EQ(parts[2]->batches_per_epoch(), 2);
  for (int b = 0; b < 8; ++b) EXPECT_EQ(NextOf(parts[b % 3].get()), NextOf(whole.get()));
  // Its third is in the next epoch.
  EXPECT_EQ(NextOf(parts[2].get()).epoch, 1u);
  options.first_batch = 8;
  auto none = MakeLoader(31, options);
  EXPECT_EQ(none->batches_per_epoch(), 0);
  none->Seek(0, 0);
}

TEST(Loader, FailureComesAtItsTurnAndStaysUntilSeek) {
  LoaderOptions options = Options(10, false);
  options.threads = 3;
  auto loader = MakeLoader(100, options, 35);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(loader->Next().ok());
  for (int i = 0; i < 2; ++i) EXPECT_THAT(loader->Next().status().ToString(), HasSubstr("sample 35 is corrupt"));
  loader->Seek(0, 4);
  EXPECT_EQ(NextOf(loader.get()).ids[0], 40);
}

TEST(Loader, StopsAtAnyTime) {
  LoaderOptions options = Options(8, true);
  options.threads = 3;
  for (int i = 0; i < 50; ++i) {
    auto loader = MakeLoader(64, options);
    for (int k = 0; k < i % 4; ++k) NextOf(loader.get());
    if (i % 3 == 0) loader->Seek(i, 1);
  }
}

TEST(Loader, RefusesImpossibleBatches) {
  const auto error = [](int64_t size, const LoaderOptions& options) {
    return Loader::Create(std::make_unique<CountingSamples>(size), options).status().ToString();
  };
  EXPECT_THAT(error(9, Options(10, true)), HasSubstr("at most the 9 samples"));
  EXPECT_THAT(error(0, Options(10, false)), HasSubstr("found 0"));
  EXPECT_THAT(error(9, Options(0, false)), HasSubstr("batch_size"));
}

TEST(Loader, ReadsMnist) {
  const char* data_dir = std::getenv("ESPALIER_DATA_DIR");
  if (data_dir == nullptr) GTEST_SKIP() << "ESPALIER_DATA_DIR is unset";
  LoaderOptions options = Options(100, false);
  options.data_dir = data_dir;
  Dataset dataset;
  dataset.mutable_mnist()->set_split(TEST);
  auto loader = Loader::Create(dataset, options);
  ASSERT_TRUE(loader.ok()) << loader.status();
  EXPECT_EQ((*loader)->sample_type().image_shape, (Shape{1, 28, 28}));
  EXPECT_EQ((*loader)->sample_type().classes, 10);
  EXPECT_EQ((*loader)->size(), 10000);
  double sum = 0, squares = 0;
  for (int b = 0; b < 100; ++b) {
    auto batch = (*loader)->Next();
    ASSERT_TRUE(batch.ok()) << batch.status();
    if (b == 0) {  // the first labels of the published test set
      const auto labels = (*batch)->labels.span<int32_t>();
      EXPECT_THAT(std::vector<int32_t>(labels.begin(), labels.begin() + 6), testing::ElementsAre(7, 2, 1, 0, 4, 1));
    }
    for (float x : (*batch)->images.span<float>()) sum += x, squares += x * x;
  }
  EXPECT_NEAR(sum / 7840000, 0, 0.02);
  EXPECT_NEAR(squares / 7840000, 1, 0.03);
}

}  // namespace
}  // namespace espalier
