#include "hw/eie/benchmarks.h"

#include <cmath>

#include "gtest/gtest.h"
#include "hw/eie/fast_model.h"

namespace espalier {
namespace {

const Requantization kShift{{1}, {12}, 0, 32767};

double Deviation(double found, double expected) { return found / expected - 1; }

// Cycles within 2 % of the authors' simulator at its number of non-zero activations; time at the published densities
// within 25 % of the published one, but for VGG-6: its published density, 4 %, is rounded (see below).
TEST(EieBenchmarks, TakeTheKnownCyclesAndThePublishedTime) {
  const EieConfig config;
  for (const EieBenchmark& benchmark : EieBenchmarks()) {
    for (uint64_t seed = 1; seed <= 3; ++seed) {
      SCOPED_TRACE(testing::Message() << benchmark.name << ", seed " << seed);
      const absl::StatusOr<EieProgram> program = CompileForEie(config, RandomLayer(benchmark, seed));
      ASSERT_TRUE(program.ok()) << program.status();
      const FastEie eie(*program);
      const auto run = [&](int64_t non_zeros) {
        return eie.Run(kShift, RandomActivations(benchmark, non_zeros, seed).data()).counters;
      };
      const EieCounters known = run(benchmark.known_activations);
      EXPECT_EQ(known.broadcasts, benchmark.known_activations * static_cast<int64_t>(program->blocks.size()));
      EXPECT_LT(std::abs(Deviation(known.cycles, benchmark.known_cycles)), 0.02) << known.cycles << " cycles";

      const double us = run(benchmark.NonZeroActivations()).cycles / config.clock_mhz;
      const double limit = benchmark.name == absl::string_view("VGG-6") ? 0.29 : 0.25;
      EXPECT_LT(std::abs(Deviation(us, benchmark.published_us)), limit) << us << " us";
    }
  }
}

TEST(EieBenchmarks, DependOnRoundedDensities) {
  EieBenchmark benchmark = *FindEieBenchmark("VGG-6");
  benchmark.weight_density = 0.045;
  const absl::StatusOr<EieProgram> program = CompileForEie(EieConfig(), RandomLayer(benchmark, 1));
  ASSERT_TRUE(program.ok()) << program.status();
  const std::vector<int16_t> activations = RandomActivations(benchmark, benchmark.NonZeroActivations(), 1);
  const double us = FastEie(*program).Run(kShift, activations.data()).counters.cycles / EieConfig().clock_mhz;
  EXPECT_LT(std::abs(Deviation(us, benchmark.published_us)), 0.25) << us << " us";
}

TEST(EieBenchmarks, AreFoundByName) {
  EXPECT_EQ(FindEieBenchmark("NT-Wd")->rows, 8791);
  EXPECT_EQ(FindEieBenchmark("Alex-9").status().message(),
            "expected a layer among Alex-6, Alex-7, Alex-8, VGG-6, VGG-7, VGG-8, NT-We, NT-Wd, NT-LSTM, found "
            "\"Alex-9\"");
}

TEST(RandomLayer, HasTheDensityAndFewWeights) {
  const EieBenchmark benchmark = *FindEieBenchmark("Alex-8");
  const SparseMatrix matrix = RandomLayer(benchmark, 5);
  EXPECT_EQ(matrix.codebook.size(), 16);
  EXPECT_NEAR(static_cast<double>(matrix.non_zeros()) / (4096 * 1000), 0.25, 0.002);
  EXPECT_NE(matrix.row_indices, RandomLayer(benchmark, 6).row_indices);
}

}  // namespace
}  // namespace espalier
