#include "hw/tpu/config.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/status.h"

namespace espalier::tpu {
namespace {

absl::Status Between(const char* field, double value, double least, double greatest) {
  if (value >= least && value <= greatest) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("TPU ", field, ": expected ", least, " to ", greatest, ", found ", value));
}

int64_t WholeCycles(int64_t bytes, double clock_hz, double bytes_per_s) {
  return static_cast<int64_t>(std::ceil(static_cast<double>(bytes) * clock_hz / bytes_per_s));
}

}  // namespace

absl::Status Config::Validate() const {
  RETURN_IF_ERROR(Between("array_size", array_size, 1, 4096));
  RETURN_IF_ERROR(Between("clock_hz", clock_hz, 1, 1e12));
  RETURN_IF_ERROR(Between("weight_fifo_tiles", weight_fifo_tiles, 1, 1 << 20));
  RETURN_IF_ERROR(Between("weight_bytes_per_s", weight_bytes_per_s, 1, 1e15));
  RETURN_IF_ERROR(Between("host_bytes_per_s", host_bytes_per_s, 1, 1e15));
  // The address fields of the instructions: 16 bits for accumulators, 24 for the unified buffer, 32 for tiles.
  RETURN_IF_ERROR(Between("accumulator_rows", accumulator_rows, 2, 1 << 16));
  RETURN_IF_ERROR(Between("unified_buffer_bytes", static_cast<double>(unified_buffer_bytes), array_size,
                          static_cast<double>(array_size) * (1 << 24)));
  RETURN_IF_ERROR(Between("weight_memory_bytes", static_cast<double>(weight_memory_bytes),
                          static_cast<double>(TileBytes()), static_cast<double>(TileBytes()) * 0x1p32));
  RETURN_IF_ERROR(Between("activation_width", activation_width, 1, 1 << 20));
  return Between("activation_latency", activation_latency, 1, 1 << 20);
}

int64_t Config::TileFetchCycles() const { return WholeCycles(TileBytes(), clock_hz, weight_bytes_per_s); }

int64_t Config::HostCycles(int64_t bytes) const { return WholeCycles(bytes, clock_hz, host_bytes_per_s); }

int64_t Config::ActivationCycles(int64_t rows) const {
  return (rows * array_size + activation_width - 1) / activation_width;
}

}  // namespace espalier::tpu
