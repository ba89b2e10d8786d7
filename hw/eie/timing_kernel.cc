#include "hw/eie/timing_kernel.h"

#include <algorithm>
#include <limits>

#include "glog/logging.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "hw/eie/timing_kernel.cc"
#include "hwy/foreach_target.h"
// clang-format off: must follow foreach_target.h
#include "hwy/highway.h"
// clang-format on

#ifndef ESPALIER_HW_EIE_TIMING_KERNEL_ONCE
#define ESPALIER_HW_EIE_TIMING_KERNEL_ONCE
namespace espalier {
namespace {

constexpr int32_t kQueueLatency = 2;     // from the broadcast to the first entry
constexpr int32_t kPipelineLatency = 4;  // behind the matrix reader
constexpr int64_t kLaneGroup = 16;

// Of each lane; what the kernel carries from column to column.
struct LaneState {
  explicit LaneState(int64_t lanes)
      : free(lanes, 0), issued(lanes, -kPipelineLatency), line(lanes, -1), reads(lanes, 0), empty(lanes, 0) {}
  std::vector<int32_t> free;    // the cycle after its last column
  std::vector<int32_t> issued;  // the cycle after its last entry
  std::vector<int32_t> line;    // in its line buffer
  std::vector<int32_t> reads, empty;
};

}  // namespace
}  // namespace espalier
#endif  // ESPALIER_HW_EIE_TIMING_KERNEL_ONCE

HWY_BEFORE_NAMESPACE();
namespace espalier {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// Gives all lanes a column that is theirs from cycle `earliest`; returns the cycle in which the last of them begins.
int32_t StartColumn(const EieTileTiming& timing, int64_t column, int32_t earliest, LaneState* state) {
  const hn::CappedTag<int32_t, kLaneGroup> d;
  const auto zero = hn::Zero(d), one = hn::Set(d, 1);
  const auto available = hn::Set(d, earliest);
  auto latest = zero;
  const int64_t at = column * timing.lanes;
  for (int64_t lane = 0; lane < timing.lanes; lane += hn::Lanes(d)) {
    const auto length = hn::LoadU(d, timing.lengths.data() + at + lane);
    const auto first = hn::LoadU(d, timing.first_line.data() + at + lane);
    const auto last = hn::LoadU(d, timing.last_line.data() + at + lane);
    int32_t* const free = state->free.data() + lane;
    int32_t* const issued = state->issued.data() + lane;
    int32_t* const line = state->line.data() + lane;
    int32_t* const reads = state->reads.data() + lane;
    int32_t* const empty = state->empty.data() + lane;

    const auto start = hn::Max(hn::LoadU(d, free), available);
    const auto end = hn::Add(start, hn::Max(length, one));
    const auto is_empty = hn::Eq(length, zero);
    const auto buffered = hn::LoadU(d, line);
    const auto lines = hn::Sub(hn::Sub(hn::Add(last, one), first), hn::IfThenElseZero(hn::Eq(first, buffered), one));
    latest = hn::Max(latest, start);
    hn::StoreU(end, d, free);
    hn::StoreU(hn::IfThenElse(is_empty, hn::LoadU(d, issued), end), d, issued);
    hn::StoreU(hn::IfThenElse(is_empty, buffered, last), d, line);
    hn::StoreU(hn::Add(hn::LoadU(d, reads), hn::IfThenZeroElse(is_empty, lines)), d, reads);
    hn::StoreU(hn::Add(hn::LoadU(d, empty), hn::IfThenElseZero(is_empty, one)), d, empty);
  }
  return hn::GetLane(hn::MaxOfLanes(d, latest));
}

}  // namespace

// Returns the cycle of the last broadcast, or -1.
int32_t StartColumns(const EieTileTiming& timing, const EieBroadcasts& broadcasts, int queue_depth, LaneState* state,
                     int64_t* queue_full_cycles) {
  std::vector<int32_t> latest_start(queue_depth, 0);  // of the last columns, in a ring
  int32_t sent = -1;
  size_t ring = 0;
  for (size_t k = 0; k < broadcasts.columns.size(); ++k) {
    const int32_t ready = sent + broadcasts.gaps[k];
    sent = std::max(ready, latest_start[ring]);
    *queue_full_cycles += sent - ready;
    latest_start[ring] = StartColumn(timing, broadcasts.columns[k], sent + kQueueLatency, state);
    if (++ring == latest_start.size()) ring = 0;
  }
  return sent;
}

}  // namespace HWY_NAMESPACE
}  // namespace espalier
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace espalier {

HWY_EXPORT(StartColumns);

EieTileTiming::EieTileTiming(const EieTile& tile, int64_t entries_per_line) {
  // An empty column's first line is not in any buffer: buffers begin with -1.
  constexpr int32_t kNoLine = -2;
  lanes = (static_cast<int64_t>(tile.images.size()) + kLaneGroup - 1) / kLaneGroup * kLaneGroup;
  lengths.assign(tile.columns * lanes, 0);
  first_line.assign(tile.columns * lanes, kNoLine);
  last_line.assign(tile.columns * lanes, kNoLine);
  const uint32_t per_line = static_cast<uint32_t>(entries_per_line);
  for (size_t element = 0; element < tile.images.size(); ++element) {
    const std::vector<uint32_t>& pointers = tile.images[element].pointers;
    for (int64_t column = 0; column < tile.columns; ++column) {
      const uint32_t begin = pointers[column], end = pointers[column + 1];
      if (begin == end) continue;
      const int64_t at = column * lanes + static_cast<int64_t>(element);
      lengths[at] = static_cast<int32_t>(end - begin);
      first_line[at] = static_cast<int32_t>(begin / per_line);
      last_line[at] = static_cast<int32_t>((end - 1) / per_line);
    }
  }
}

EieTileTimes ComputeEieTimes(const EieTileTiming& timing, const EieBroadcasts& broadcasts, int64_t elements,
                             int queue_depth) {
  LaneState state(timing.lanes);
  EieTileTimes times;
  const int32_t sent =
      HWY_DYNAMIC_DISPATCH(StartColumns)(timing, broadcasts, queue_depth, &state, &times.queue_full_cycles);
  times.reader_cycles = int64_t{sent} + 1 + broadcasts.tail;
  times.cycles = times.reader_cycles;
  for (int64_t lane = 0; lane < elements; ++lane) {
    times.cycles = std::max<int64_t>({times.cycles, state.free[lane], state.issued[lane] + kPipelineLatency});
    times.empty_columns += state.empty[lane];
    times.matrix_reads += state.reads[lane];
  }
  CHECK_LT(times.cycles, std::numeric_limits<int32_t>::max());
  return times;
}

}  // namespace espalier
#endif  // HWY_ONCE
