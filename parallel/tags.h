// Who uses which tags on the communicators of a job, so that no message is taken for another's.
#ifndef ESPALIER_PARALLEL_TAGS_H_
#define ESPALIER_PARALLEL_TAGS_H_

namespace espalier {

// parallel/collectives.h: 1 to 99.
inline constexpr int kBarrierTag = 1;
inline constexpr int kBroadcastTag = 2;
inline constexpr int kGatherTag = 3;
inline constexpr int kAllGatherTag = 4;
inline constexpr int kClockTag = 5;  // parallel/trace.h

// parallel/all_reduce.h and parallel/range_reduction.h: 100 to 999.
inline constexpr int kFiguresTag = 100;
inline constexpr int kPartTag = 101;
inline constexpr int kSumTag = 102;

// parallel/parameter_server.h: 1000 to 1999.
inline constexpr int kServerTag = 1000;

// Synchronised batch norm: 2000 to 2999.
inline constexpr int kBatchNormTag = 2000;

// Whatever the ranks tell each other before the training starts: 3000 to 3999.
inline constexpr int kHandshakeTag = 3000;

}  // namespace espalier

#endif  // ESPALIER_PARALLEL_TAGS_H_
