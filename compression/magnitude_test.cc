#include "compression/magnitude.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/random.h"

namespace espalier {
namespace {

struct Part {
  explicit Part(int64_t elements) : weights(elements), mask(elements) {}
  std::vector<float> weights;
  Mask mask;
};

// The plain twin: sorts positions by magnitude.
std::vector<std::vector<bool>> SortedChoice(const std::vector<Part>& parts, int64_t count) {
  struct Element {
    bool was_masked;
    float magnitude;
    size_t part, position;
  };
  std::vector<Element> elements;
  std::vector<std::vector<bool>> chosen;
  for (size_t part = 0; part < parts.size(); ++part) {
    chosen.emplace_back(parts[part].weights.size());
    for (size_t i = 0; i < parts[part].weights.size(); ++i) {
      elements.push_back({parts[part].mask.IsMasked(i), std::abs(parts[part].weights[i]), part, i});
    }
  }
  std::stable_sort(elements.begin(), elements.end(), [](const Element& a, const Element& b) {
    if (a.was_masked != b.was_masked) return a.was_masked;
    return !a.was_masked && a.magnitude < b.magnitude;
  });
  for (size_t i = 0; i < elements.size(); ++i) {
    if (static_cast<int64_t>(i) < count || elements[i].was_masked) {
      chosen[elements[i].part][elements[i].position] = true;
    }
  }
  return chosen;
}

void ExpectSortedChoice(std::vector<Part>* parts, int64_t count) {
  const std::vector<std::vector<bool>> expected = SortedChoice(*parts, count);
  std::vector<MaskedWeights> masked;
  for (Part& part : *parts) masked.push_back({part.weights.data(), &part.mask});
  MaskSmallest(masked, count);
  for (size_t part = 0; part < parts->size(); ++part) {
    for (size_t i = 0; i < expected[part].size(); ++i) {
      ASSERT_EQ((*parts)[part].mask.IsMasked(i), expected[part][i]) << count << ": " << part << ", " << i;
    }
  }
}

// Sums of thousandths have many ties, normal numbers hardly any, tiny and huge ones every exponent.
float Draw(int kind, Random* random) {
  switch (kind) {
    case 0:
      return random->Normal();
    case 1:
      return static_cast<float>(static_cast<int>(random->Below(9)) - 4) * 0.001f;
    default:
      return std::ldexp(random->Normal(), static_cast<int>(random->Below(250)) - 125);
  }
}

TEST(MaskSmallest, ChoosesAsSortingDoes) {
  for (int kind = 0; kind < 3; ++kind) {
    Random random(5, "choice", kind, 0);
    std::vector<Part> parts;
    for (int64_t elements : {1, 70, 500}) {
      parts.emplace_back(elements);
      for (float& weight : parts.back().weights) weight = Draw(kind, &random);
    }
    // Each time on top of the masks before; 200 again, 100 and 0 change nothing.
    for (int64_t count : {0, 1, 200, 200, 100, 300, 570, 0, 571}) ExpectSortedChoice(&parts, count);
  }
}

TEST(MaskSmallest, SharesLargeTensorsAmongThreads) {
  Random random(6, "large", 0, 0);
  std::vector<Part> parts;
  parts.emplace_back(400000);
  for (float& weight : parts[0].weights) weight = random.Normal();
  for (int64_t count : {120000, 300000}) ExpectSortedChoice(&parts, count);
  EXPECT_EQ(parts[0].mask.masked(), 300000);
}

TEST(MaskSmallest, PrunesExactlyAsManyOfEqualOnes) {
  std::vector<Part> parts;
  parts.emplace_back(100);
  for (size_t i = 0; i < 100; ++i) parts[0].weights[i] = i % 2 == 0 ? 0.5f : -0.5f;
  ExpectSortedChoice(&parts, 37);
  EXPECT_EQ(parts[0].mask.masked(), 37);
  EXPECT_TRUE(parts[0].mask.IsMasked(36));
}

// A mask holds even where a weight grew since, as it cannot while the mask acts.
TEST(MaskSmallest, KeepsWhatIsMasked) {
  std::vector<Part> parts;
  parts.emplace_back(4);
  parts[0].weights = {9, 1, 0, -2};
  parts[0].mask.Add(0);
  ExpectSortedChoice(&parts, 2);
  EXPECT_TRUE(parts[0].mask.IsMasked(0));
  EXPECT_TRUE(parts[0].mask.IsMasked(2));
}

TEST(MaskSmallest, TakesNanForTheLargest) {
  std::vector<Part> parts;
  parts.emplace_back(3);
  parts[0].weights = {std::nanf(""), INFINITY, -INFINITY};
  std::vector<MaskedWeights> masked = {{parts[0].weights.data(), &parts[0].mask}};
  MaskSmallest(masked, 2);
  EXPECT_FALSE(parts[0].mask.IsMasked(0));
}

}  // namespace
}  // namespace espalier
