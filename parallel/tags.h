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

// parallel/all_reduce.h: 100 to 999. The buckets of a step use the tags from kBucketTag on, two each: the parts on
// their way to their owner, the sums on their way back. From kBucketTag + 2 * kBucketTags on they are used again:
// messages from one rank to another with one tag keep their order.
inline constexpr int kFiguresTag = 100;
inline constexpr int kBucketTag = 200;
inline constexpr int kBucketTags = 400;

// parallel/parameter_server.h: 1000 to 1999.
inline constexpr int kServerTag = 1000;

// Synchronised batch norm: 2000 to 2999.
inline constexpr int kBatchNormTag = 2000;

// Whatever the ranks tell each other before the training starts: 3000 to 3999.
inline constexpr int kHandshakeTag = 3000;

}  // namespace espalier

#endif  // ESPALIER_PARALLEL_TAGS_H_
