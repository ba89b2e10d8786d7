#include "hw/tpu/config.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "core/status.h"

namespace espalier::tpu {
namespace {

// Fields by name; of a kind each, the others nullptr.
struct Field {
  const char* name;
  int Config::*whole;
  int64_t Config::*bytes;
  double Config::*rate;
  bool Config::*choice;
};
constexpr Field kFields[] = {
    {"array_size", &Config::array_size, nullptr, nullptr, nullptr},
    {"clock_hz", nullptr, nullptr, &Config::clock_hz, nullptr},
    {"double_buffered_tile", nullptr, nullptr, nullptr, &Config::double_buffered_tile},
    {"weight_fifo_tiles", &Config::weight_fifo_tiles, nullptr, nullptr, nullptr},
    {"weight_bytes_per_s", nullptr, nullptr, &Config::weight_bytes_per_s, nullptr},
    {"weight_memory_bytes", nullptr, &Config::weight_memory_bytes, nullptr, nullptr},
    {"accumulator_rows", &Config::accumulator_rows, nullptr, nullptr, nullptr},
    {"unified_buffer_bytes", nullptr, &Config::unified_buffer_bytes, nullptr, nullptr},
    {"activation_width", &Config::activation_width, nullptr, nullptr, nullptr},
    {"activation_latency", &Config::activation_latency, nullptr, nullptr, nullptr},
    {"host_bytes_per_s", nullptr, nullptr, &Config::host_bytes_per_s, nullptr},
};

absl::Status Between(const char* field, double value, double least, double greatest) {
  if (value >= least && value <= greatest) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("TPU ", field, ": expected ", least, " to ", greatest, ", found ", value));
}

// Counters add up whole programs' cycles: those of one transfer stay far below what they hold.
absl::Status Transferable(const char* what, const char* rate, double bytes, double clock_hz, double bytes_per_s) {
  const double cycles = bytes * clock_hz / bytes_per_s;
  if (cycles <= 0x1p36) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("TPU clock_hz and ", rate, ": expected ", what, " in at most 2^36 cycles, found ", cycles));
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
  RETURN_IF_ERROR(Transferable("a tile of weights", "weight_bytes_per_s", static_cast<double>(TileBytes()), clock_hz,
                               weight_bytes_per_s));
  RETURN_IF_ERROR(Transferable("the unified buffer", "host_bytes_per_s", static_cast<double>(unified_buffer_bytes),
                               clock_hz, host_bytes_per_s));
  RETURN_IF_ERROR(Between("activation_width", activation_width, 1, 1 << 20));
  return Between("activation_latency", activation_latency, 1, 1 << 20);
}

int64_t Config::TileFetchCycles() const { return WholeCycles(TileBytes(), clock_hz, weight_bytes_per_s); }

int64_t Config::HostCycles(int64_t bytes) const { return WholeCycles(bytes, clock_hz, host_bytes_per_s); }

int64_t Config::ActivationCycles(int64_t rows) const {
  return (rows * array_size + activation_width - 1) / activation_width;
}

std::vector<std::string> FieldNames() {
  std::vector<std::string> names;
  for (const Field& field : kFields) names.push_back(field.name);
  return names;
}

absl::Status SetField(absl::string_view assignment, Config* config) {
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(assignment, absl::MaxSplits('=', 1));
  const auto field = std::find_if(std::begin(kFields), std::end(kFields),
                                  [&](const Field& candidate) { return candidate.name == parts.first; });
  if (field == std::end(kFields)) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected FIELD=VALUE with one of ", absl::StrJoin(FieldNames(), ", "), ", found ", assignment));
  }
  bool read = false;
  if (field->whole != nullptr) read = absl::SimpleAtoi(parts.second, &(config->*field->whole));
  if (field->bytes != nullptr) read = absl::SimpleAtoi(parts.second, &(config->*field->bytes));
  if (field->rate != nullptr) read = absl::SimpleAtod(parts.second, &(config->*field->rate));
  if (field->choice != nullptr) read = absl::SimpleAtob(parts.second, &(config->*field->choice));
  if (read) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("TPU ", field->name, ": expected ",
                                                 field->choice != nullptr ? "true or false"
                                                 : field->rate != nullptr ? "a number"
                                                                          : "a whole number",
                                                 ", found ", parts.second));
}

}  // namespace espalier::tpu
