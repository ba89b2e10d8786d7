// Denormal numbers (below 1.2e-38) cost x86 processors a microcode assist: a loop full of them runs ten to fifty times
// slower. They gather where nothing new comes in: the momentum of a pruned weight decays to denormals and, as 0.9 of a
// few least steps rounds back to itself, stays there.
#ifndef ESPALIER_CORE_DENORMALS_H_
#define ESPALIER_CORE_DENORMALS_H_

#include <xmmintrin.h>

namespace espalier {

// While it lives, f32 and f64 arithmetic of this thread reads and writes denormals as zero.
class FlushDenormals {
 public:
  FlushDenormals() : before_(_mm_getcsr()) { _mm_setcsr(before_ | kFlushToZero | kDenormalsAreZero); }
  ~FlushDenormals() { _mm_setcsr(before_); }
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

 private:
  static constexpr unsigned kFlushToZero = 0x8000;
  static constexpr unsigned kDenormalsAreZero = 0x0040;

  const unsigned before_;
};

}  // namespace espalier

#endif  // ESPALIER_CORE_DENORMALS_H_
