#include "hw/eie/energy.h"

#include "gtest/gtest.h"

namespace espalier {
namespace {

// A chip at full work, as the paper's table has it: in each of 8 cycles an entry, in one of them a column and a line.
EieCounters FullWork(int64_t elements) {
  EieCounters counters;
  counters.cycles = 8000;
  counters.real_macs = counters.cycles * elements;
  counters.queue_pushes = counters.matrix_reads = counters.real_macs / 8;
  counters.pointer_reads = 2 * counters.queue_pushes;
  return counters;
}

TEST(EieEnergy, IsThePublishedPowerAtFullWork) {
  const EieConfig config;
  const EieFigures figures = ComputeEieFigures(config, FullWork(64), 0, 0);
  EXPECT_NEAR(figures.power_mw, 64 * 9.157 + 21 * 0.023, 0.2);  // the paper: 590 mW
  EXPECT_NEAR(figures.gops, 102.4, 1e-6);
  EXPECT_NEAR(figures.us, 10, 1e-9);

  const EieEnergy energy = ComputeEieEnergy(config, FullWork(64), 1000);
  EXPECT_NEAR(energy.matrix / energy.pointers, 4.955 / 1.807, 1e-3);
  EXPECT_NEAR(energy.clock / energy.chip(), 0.2046, 2e-4);
  EXPECT_NEAR(energy.dram, 160000, 1e-6);
}

TEST(EieArea, IsThePublishedChip) {
  EXPECT_NEAR(ComputeEieArea(EieConfig()).total(), 40.8e6, 0.05e6);
  EieConfig config;
  config.processing_elements = 256;
  EXPECT_NEAR(ComputeEieArea(config).total(), 4 * 40.8e6, 0.2e6);
  config.queue_depth = 16;
  EXPECT_NEAR(ComputeEieArea(config).queues, 256 * 2 * 758, 1e-6);
}

TEST(EieMatrixReadEnergy, GrowsWithWidthAndSize) {
  EieConfig narrow, wide, large;
  narrow.matrix_sram_width = 32;
  wide.matrix_sram_width = 128;
  large.matrix_sram_bytes *= 4;
  const double published = EieMatrixReadEnergy(EieConfig());
  EXPECT_NEAR(published, 39.4, 0.1);
  EXPECT_NEAR(wide.matrix_sram_width / 64 * published / EieMatrixReadEnergy(wide), 2 / 1.65, 1e-6);
  EXPECT_GT(EieMatrixReadEnergy(narrow), published / 2);
  EXPECT_NEAR(EieMatrixReadEnergy(large), 2 * published, 1e-6);
}

TEST(EieConstants, HaveSources) {
  for (const EieConstant& constant : EieConstants(EieConfig())) {
    EXPECT_GT(constant.value, 0) << constant.name;
    EXPECT_FALSE(constant.source.empty()) << constant.name;
  }
}

}  // namespace
}  // namespace espalier
