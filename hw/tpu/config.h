// The TPU's parameters, all at run time. Source of the defaults, where no other is given: Jouppi et al., "In-Datacenter
// Performance Analysis of a Tensor Processing Unit", ISCA 2017.
#ifndef ESPALIER_HW_TPU_CONFIG_H_
#define ESPALIER_HW_TPU_CONFIG_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace espalier::tpu {

struct Config {
  // The matrix unit: array_size x array_size 8-bit multiply-accumulate units that hold a tile of weights.
  int array_size = 256;
  double clock_hz = 700e6;
  // A second tile is shifted in while the array works on the first. Without: only when the first has been used.
  bool double_buffered_tile = true;

  // Tiles between weight memory and array, one of which may be on its way into the array.
  int weight_fifo_tiles = 4;
  double weight_bytes_per_s = 34e9;  // two channels of DDR3-2133
  int64_t weight_memory_bytes = int64_t{8} << 30;

  int accumulator_rows = 4096;  // of array_size 32-bit sums: 4 MiB
  int64_t unified_buffer_bytes = int64_t{24} << 20;

  // The activation unit takes so many sums a cycle ("internal paths are 256 bytes wide"); a row is in the unified
  // buffer so many cycles after it was taken. The depth is not published; it is that of a plain pipeline (read, bias,
  // multiply, shift and round, clamp or look up, pool, write).
  int activation_width = 256;
  int activation_latency = 8;

  // Each way, at once. PCIe Gen3 x16 signals 15.75 GB/s; packets of 128 bytes with 26 to 30 of framing leave about four
  // fifths to bulk transfers.
  double host_bytes_per_s = 12.5e9;

  // InvalidArgument: the field, what was expected, what was found.
  absl::Status Validate() const;

  int64_t TileBytes() const { return int64_t{array_size} * array_size; }
  // Whole cycles from the beginning of a tile's fetch to its end.
  int64_t TileFetchCycles() const;
  // Whole cycles of a transfer to or from the host.
  int64_t HostCycles(int64_t bytes) const;
  // Cycles that the activation unit is busy with `rows` rows.
  int64_t ActivationCycles(int64_t rows) const;
  // From the cycle after a multiplication's last row entered the array until its last sum can be read.
  int64_t DrainCycles() const { return 2 * int64_t{array_size} - 1; }
  // The unified buffer's rows of array_size bytes: what addresses count.
  int64_t UnifiedBufferRows() const { return unified_buffer_bytes / array_size; }
  // Two operations for each multiply-accumulate.
  double PeakOperationsPerSecond() const { return 2.0 * static_cast<double>(TileBytes()) * clock_hz; }
};

// `FIELD=VALUE`, as in "weight_bytes_per_s=180e9". InvalidArgument: what was expected, what was found. Does not
// validate.
absl::Status SetField(absl::string_view assignment, Config* config);

// The names that SetField knows.
std::vector<std::string> FieldNames();

}  // namespace espalier::tpu

#endif  // ESPALIER_HW_TPU_CONFIG_H_
