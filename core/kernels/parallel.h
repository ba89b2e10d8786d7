// Splitting flat work over the OpenMP threads.
#ifndef ESPALIER_CORE_KERNELS_PARALLEL_H_
#define ESPALIER_CORE_KERNELS_PARALLEL_H_

#include <omp.h>

#include <algorithm>
#include <cstdint>

namespace espalier {

// Below this many elements of light work a second thread costs more than it brings.
inline constexpr int64_t kSerialElements = 16384;

// Calls function(begin, end) for disjoint ranges that cover [0, count), one a thread, each but the last a multiple of
// `grain` long. On one thread when count < serial_below. The ranges depend on the number of threads: only for work
// whose results do not depend on its ranges.
template <typename Function>
void ParallelRanges(int64_t count, int64_t grain, int64_t serial_below, const Function& function) {
  if (count < serial_below || omp_get_max_threads() == 1) {
    if (count > 0) function(int64_t{0}, count);
    return;
  }
#pragma omp parallel
  {
    const int64_t threads = omp_get_num_threads(), thread = omp_get_thread_num();
    const int64_t grains = (count + grain - 1) / grain;
    const int64_t begin = grains * thread / threads * grain;
    const int64_t end = std::min(count, grains * (thread + 1) / threads * grain);
    if (begin < end) function(begin, end);
  }
}

}  // namespace espalier

#endif  // ESPALIER_CORE_KERNELS_PARALLEL_H_
