// Mutates sound packages: bytes anywhere, fields of the network's description, heads and sizes of sections; each with
// the checksum made right again, so that the mutation reaches the parser.
#include "tests/fuzz/package_fuzz.h"

#include <google/protobuf/stubs/logging.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "compression/package/package_file.h"
#include "compression/package/package_layout.h"
#include "compression/package/testing/random_package.h"
#include "core/random.h"
#include "glog/logging.h"

namespace espalier {
namespace {

constexpr int kPackages = 20;

// A sound package with what a mutation wants to know of it.
struct Sample {
  std::string bytes;
  PackageInfo info;
  size_t header_bytes;
  std::vector<size_t> sections;  // where they begin

  std::string Sections() const { return bytes.substr(header_bytes, bytes.size() - header_bytes - kChecksumBytes); }
};

const Sample& SampleOf(int seed) {
  static const std::vector<Sample>* samples = [] {
    auto* all = new std::vector<Sample>();
    for (int i = 0; i < kPackages; ++i) {
      const absl::StatusOr<std::string> bytes =
          EncodePackage(RandomPackage(i), {i % 3 == 0 ? 5 : 0, /*huffman=*/i % 4 > 0});
      CHECK(bytes.ok()) << bytes.status();
      const absl::StatusOr<PackageLayout> layout = ReadLayout(*bytes);
      CHECK(layout.ok()) << layout.status();
      Sample sample{*bytes, layout->info, static_cast<size_t>(layout->header_bytes), {}};
      size_t at = sample.header_bytes;
      for (const SectionLayout& section : layout->sections) {
        sample.sections.push_back(at);
        at += section.bytes;
      }
      all->push_back(std::move(sample));
    }
    return all;
  }();
  return (*samples)[seed % kPackages];
}

// Values at which sizes and counts change their meaning.
char AnyByte(Random* random) {
  constexpr uint8_t kSpecial[] = {0, 1, 2, 0x10, 0x11, 0x18, 0x7f, 0x80, 0x81, 0xff};
  return static_cast<char>(random->Below(2) == 0 ? kSpecial[random->Below(sizeof kSpecial)] : random->Below(256));
}

void MutateAt(size_t at, Random* random, std::string* bytes) {
  at = std::min(at, bytes->size() - 1);
  switch (random->Below(5)) {
    case 0:
      bytes->erase(at, 1 + random->Below(4));
      break;
    case 1:
      bytes->insert(at, 1 + random->Below(4), AnyByte(random));
      break;
    case 2:
      (*bytes)[at] = static_cast<char>((*bytes)[at] ^ 1 << random->Below(8));
      break;
    default:
      (*bytes)[at] = AnyByte(random);
  }
}

int CountTaken(int mutations, const char* purpose, const std::function<std::string(const Sample&, Random*)>& mutate) {
  int taken = 0;
  for (int i = 0; i < mutations; ++i) {
    Random random(1, purpose, 0, i);
    taken += CheckPackageReader(mutate(SampleOf(i), &random));
  }
  return taken;
}

TEST(PackageFuzz, SoundPackagesAreTaken) {
  for (int i = 0; i < kPackages; ++i) EXPECT_TRUE(CheckPackageReader(SampleOf(i).bytes));
}

TEST(PackageFuzz, SplitsWhatItJoins) {
  for (int i = 0; i < kPackages; ++i) {
    const Sample& sample = SampleOf(i);
    const PackageParts parts{sample.info.SerializeAsString(), sample.Sections()};
    const std::string joined = JoinPackage(parts);
    EXPECT_TRUE(CheckPackageReader(joined));
    const std::optional<PackageParts> split = SplitPackage(joined);
    ASSERT_TRUE(split.has_value());
    EXPECT_EQ(split->info, parts.info);
    EXPECT_EQ(split->sections, parts.sections);
  }
}

TEST(PackageFuzz, NoMutationPassesTheChecksum) {
  EXPECT_EQ(CountTaken(3000, "unsealed",
                       [](const Sample& sample, Random* random) {
                         std::string bytes = sample.bytes;
                         while (bytes == sample.bytes) MutateAt(random->Below(bytes.size()), random, &bytes);
                         return bytes;
                       }),
            0);
}

// Most are refused; flipped bits of raw values change the values alone and are taken.
TEST(PackageFuzz, MutatedBytes) {
  const int taken = CountTaken(1200, "bytes", [](const Sample& sample, Random* random) {
    std::string bytes = sample.bytes;
    for (int edits = 1 + random->Below(3); edits > 0; --edits) {
      const size_t begin = random->Below(2) == 0 ? sample.header_bytes : 0;
      MutateAt(begin + random->Below(bytes.size() - begin), random, &bytes);
    }
    return SealPackage(bytes);
  });
  EXPECT_GT(taken, 60);
  EXPECT_LT(taken, 1000);
}

TEST(PackageFuzz, MutatedHeadsOfSections) {
  const int taken = CountTaken(1500, "heads", [](const Sample& sample, Random* random) {
    std::string bytes = sample.bytes;
    const size_t section = sample.sections[random->Below(sample.sections.size())];
    for (int edits = 1 + random->Below(2); edits > 0; --edits) MutateAt(section + random->Below(12), random, &bytes);
    return SealPackage(bytes);
  });
  EXPECT_GT(taken, 10);
  EXPECT_LT(taken, 750);
}

// Other networks over the same sections, through a header that is well-formed.
TEST(PackageFuzz, MutatedNetworks) {
  const google::protobuf::LogSilencer silencer;  // of names that are not UTF-8
  const int taken = CountTaken(700, "networks", [](const Sample& sample, Random* random) {
    PackageInfo info = sample.info;
    Model* model = info.mutable_model();
    const int number = static_cast<int>(1u << random->Below(31)) - static_cast<int>(random->Below(2));
    switch (random->Below(6)) {
      case 0:
        model->mutable_input(0)->set_dims(random->Below(3), number);
        break;
      case 1:
        model->mutable_layer(0)->mutable_conv()->set_channels(number);
        break;
      case 2:
        model->mutable_layer(3)->mutable_dense()->set_channels(number);
        break;
      case 3:
        model->mutable_layer(random->Below(4))->set_repeat(number);
        break;
      case 4:
        model->mutable_layer()->SwapElements(random->Below(4), random->Below(4));
        break;
      default:
        model->mutable_layer(0)->mutable_conv()->clear_kernel();
        break;
    }
    PackageParts parts{info.SerializeAsString(), sample.Sections()};
    if (random->Below(2) == 0) MutateAt(random->Below(parts.info.size()), random, &parts.info);
    return JoinPackage(parts);
  });
  EXPECT_GT(taken, 10);
}

}  // namespace
}  // namespace espalier
