#include "hw/eie/counters.h"

namespace espalier {
namespace {

constexpr int64_t EieCounters::*kCounters[] = {
    &EieCounters::cycles,
    &EieCounters::broadcasts,
    &EieCounters::queue_full_cycles,
    &EieCounters::row_step_cycles,
    &EieCounters::activation_load_cycles,
    &EieCounters::drain_cycles,
    &EieCounters::write_back_cycles,
    &EieCounters::real_macs,
    &EieCounters::padding_macs,
    &EieCounters::empty_columns,
    &EieCounters::queue_pushes,
    &EieCounters::pointer_reads,
    &EieCounters::matrix_reads,
    &EieCounters::activation_reads,
    &EieCounters::activation_writes,
    &EieCounters::saturations,
};
static_assert(sizeof(kCounters) / sizeof(kCounters[0]) * sizeof(int64_t) == sizeof(EieCounters),
              "a counter is missing");

}  // namespace

EieCounters& operator+=(EieCounters& sum, const EieCounters& added) {
  for (const auto counter : kCounters) sum.*counter += added.*counter;
  return sum;
}

bool operator==(const EieCounters& a, const EieCounters& b) {
  for (const auto counter : kCounters) {
    if (a.*counter != b.*counter) return false;
  }
  return true;
}

}  // namespace espalier
