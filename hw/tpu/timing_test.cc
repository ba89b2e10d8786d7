#include "hw/tpu/timing.h"

#include <gtest/gtest.h>

#include "hw/tpu/compiler.h"
#include "hw/tpu/network_testing.h"

namespace espalier::tpu {
namespace {

Network Dense(int64_t batch, const std::vector<int64_t>& widths) {
  Network network;
  network.batch = batch;
  network.columns = widths[0];
  for (size_t l = 1; l < widths.size(); ++l) {
    Layer layer;
    layer.outputs = widths[l];
    network.layers.push_back(layer);
  }
  return network;
}

Counters Time(const Config& config, const Network& network) {
  return EstimateTiming(config, Compile(config, network).value());
}

// One tile by hand: fetched in 1350 cycles, shifted in, 200 rows multiplied, drained, activated; the outputs, 51,200
// bytes, travel for 2868.
TEST(Timing, OneTile) {
  const Counters counters = Time(Config(), Dense(200, {256, 256}));
  EXPECT_EQ(Config().TileFetchCycles(), 1350);
  EXPECT_EQ(Config().HostCycles(51200), 2868);
  // The input is the last to arrive.
  EXPECT_EQ(counters.cycles, 2868 + 200 + 511 + 200 + 8 + 2868);
  EXPECT_EQ(counters.array_active, 200);
  EXPECT_EQ(counters.useful_macs, 200 * 65536);
  EXPECT_EQ(counters.weight_stall, 1350);
  EXPECT_EQ(counters.weight_shift, 256);
  EXPECT_EQ(counters.input_stall, 2868);
  EXPECT_EQ(counters.operations, 2 * 200 * 65536);
  EXPECT_EQ(counters.weight_bytes, 65536);
  EXPECT_EQ(counters.host_read_bytes, 51200);
}

// "The 600 x 600 matrix takes 9 steps, of 2 us": 18 us.
TEST(Timing, FringesCostWholeTiles) {
  Network network = Dense(96, {600, 600});
  network.repetitions = 20;
  const Counters counters = Time(Config(), network);
  EXPECT_EQ(counters.tiles, 9 * 20);
  EXPECT_NEAR(static_cast<double>(counters.cycles) / 20 / 700, 18, 0.9);  // us
}

// Rows enough for a tile hide the next one's fetch and shift.
TEST(Timing, ManyRowsKeepTheArrayBusy) {
  const Counters counters = Time(Config(), Dense(2048, {2048, 2048, 2048}));
  EXPECT_EQ(counters.array_active, 2 * 64 * 2048);
  EXPECT_EQ(counters.weight_stall, 1350);
  EXPECT_EQ(counters.weight_shift, 256);
  EXPECT_EQ(counters.useful_macs, counters.array_active * 65536);
}

TEST(Timing, SixteenBitsTakeTwiceTheCycles) {
  Network network = Dense(2048, {1024, 1024});
  const Counters narrow = Time(Config(), network);
  network.type = ActivationType::kSigned16;
  const Counters activations = Time(Config(), network);
  network.layers[0].wide_weights = true;
  const Counters both = Time(Config(), network);
  EXPECT_EQ(activations.array_active, 2 * narrow.array_active);
  EXPECT_EQ(both.array_active, 4 * narrow.array_active);
  EXPECT_EQ(activations.operations, narrow.operations);
  EXPECT_EQ(both.operations, narrow.operations);
}

TEST(Timing, WithoutASecondTileBufferShiftsShow) {
  Config config;
  config.double_buffered_tile = false;
  const Counters counters = Time(config, Dense(2048, {1024, 1024}));
  EXPECT_EQ(counters.weight_shift, 16 * 256);
}

TEST(Timing, TheFourStatesOfTheMatrixUnitAddUp) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    NetworkCase test;
    MakeRandomCase(seed, 40, &test);
    const Counters counters = Time(test.config, test.network);
    EXPECT_GE(counters.non_matrix(), 0) << seed;
    EXPECT_GE(counters.weight_stall, 0) << seed;
    EXPECT_LE(counters.useful_macs, counters.array_active * test.config.TileBytes()) << seed;
  }
}

}  // namespace
}  // namespace espalier::tpu
