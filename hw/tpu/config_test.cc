#include "hw/tpu/config.h"

#include <gtest/gtest.h>

namespace espalier::tpu {
namespace {

TEST(Config, HasThePublishedNumbers) {
  const Config config;
  EXPECT_TRUE(config.Validate().ok()) << config.Validate();
  EXPECT_NEAR(config.PeakOperationsPerSecond(), 92e12, 0.3e12);
  EXPECT_EQ(int64_t{config.accumulator_rows} * config.array_size * 4, 4 << 20);
  // The ridge of the roofline, in multiply-accumulates per weight byte.
  EXPECT_NEAR(config.PeakOperationsPerSecond() / 2 / config.weight_bytes_per_s, 1350, 1);
}

TEST(Config, SaysWhatIsWrong) {
  Config config;
  config.accumulator_rows = 1;
  EXPECT_EQ(config.Validate().message(), "TPU accumulator_rows: expected 2 to 65536, found 1");
  config = Config();
  config.weight_bytes_per_s = -1;
  EXPECT_EQ(config.Validate().message(), "TPU weight_bytes_per_s: expected 1 to 1e+15, found -1");
  config = Config();
  config.unified_buffer_bytes = 255;
  EXPECT_FALSE(config.Validate().ok());
  // Rates that are well alone.
  config = Config();
  config.clock_hz = 1e12;
  config.weight_bytes_per_s = 1;
  EXPECT_EQ(config.Validate().message(),
            "TPU clock_hz and weight_bytes_per_s: expected a tile of weights in at most 2^36 cycles, found 6.5536e+16");
  config.weight_bytes_per_s = 1e6;
  EXPECT_TRUE(config.Validate().ok()) << config.Validate();
  config.host_bytes_per_s = 1e6;
  EXPECT_EQ(config.Validate().message(),
            "TPU clock_hz and host_bytes_per_s: expected the unified buffer in at most 2^36 cycles, found 2.51658e+13");
}

TEST(Config, SetsFieldsByName) {
  Config config;
  for (const char* assignment :
       {"array_size=8", "clock_hz=1e9", "double_buffered_tile=false", "weight_fifo_tiles=2", "weight_bytes_per_s=180e9",
        "weight_memory_bytes=1000", "accumulator_rows=64", "unified_buffer_bytes=2048", "activation_width=16",
        "activation_latency=3", "host_bytes_per_s=1e9"}) {
    EXPECT_TRUE(SetField(assignment, &config).ok()) << assignment;
  }
  EXPECT_EQ(config.array_size, 8);
  EXPECT_EQ(config.clock_hz, 1e9);
  EXPECT_FALSE(config.double_buffered_tile);
  EXPECT_EQ(config.weight_bytes_per_s, 180e9);
  EXPECT_EQ(config.unified_buffer_bytes, 2048);
  EXPECT_EQ(FieldNames().size(), 11);
  EXPECT_EQ(SetField("array_size=8.5", &config).message(), "TPU array_size: expected a whole number, found 8.5");
  EXPECT_EQ(SetField("double_buffered_tile=x", &config).message(),
            "TPU double_buffered_tile: expected true or false, found x");
  EXPECT_FALSE(SetField("size=8", &config).ok());
  EXPECT_FALSE(SetField("", &config).ok());
}

}  // namespace
}  // namespace espalier::tpu
