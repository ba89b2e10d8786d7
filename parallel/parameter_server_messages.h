// What workers and servers tell each other, and in which order. A server owns one range of the parameter arenas, cut
// into chunks, which travel and are updated one by one. All ranks run the same program on machines of one kind, so
// numbers travel as they lie in memory. Messages with different tags may overtake each other.
//
// "W -> S" is a message of one worker to one server; worker 0 alone sets servers up and ends them.
//
//   life        = { setup { step | push | collect } } finish
//   setup       = W0 -> S  kSetupTag    ServerSetup, serialized
//                 S -> W0  kReplyTag    ServerReply: the arenas are there
//                 arenas from W0 to S, then S -> W0 kReplyTag ServerReply
//   arenas      = weights, then each slot of the optimizer, of the server's range, in pieces of at most kArenaPiece
//                 floats, all kArenaTag
//   step        = (synchronous mode) all of it between the setup or the step before and the next:
//                 W -> S   kChunkTag + chunk   gradients, for each node of the shard tree that the worker has,
//                 ascending,
//                                              as what the wire carries; at any time once they are ready
//                 W -> S   kRequestTag         ServerRequest kStep, the same of all workers but for `usable`
//                 S -> S   kSquaresTag         each block's sum of squares, if the norm is needed, to every other
//                 server S -> W   kReplyTag           ServerReply S -> W   kChunkTag + chunk   new weights, f32
//   push        = (other modes) of each worker for itself:
//                 W -> S   kRequestTag         ServerRequest kPush
//                 W -> S   kChunkTag + chunk   if it has gradients
//                 S -> W   kReplyTag           if it wants an answer, and then, if it wants weights,
//                 S -> W   kChunkTag + chunk   weights, f32
//   collect     = W0 -> S  kRequestTag  ServerRequest kCollect; then arenas from S to W0
//   finish      = W0 -> S  kRequestTag  ServerRequest kFinish
#ifndef ESPALIER_PARALLEL_PARAMETER_SERVER_MESSAGES_H_
#define ESPALIER_PARALLEL_PARAMETER_SERVER_MESSAGES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/dtype.h"
#include "core/parameters.h"
#include "parallel/parameter_server_mode.h"
#include "parallel/tags.h"

namespace espalier {

inline constexpr int kSetupTag = kServerTag;
inline constexpr int kArenaTag = kServerTag + 1;
inline constexpr int kRequestTag = kServerTag + 2;
inline constexpr int kReplyTag = kServerTag + 3;
inline constexpr int kSquaresTag = kServerTag + 4;
inline constexpr int kLastStepTag = kServerTag + 5;  // among workers: parallel/last_step.h
inline constexpr int kMeetTag = kServerTag + 6;      // among workers: a barrier
inline constexpr int kChunkTag = kServerTag + 100;
// Of one server; a large range has larger chunks instead.
inline constexpr int kMaximumChunks = 900;

inline constexpr int64_t kArenaPiece = int64_t{1} << 24;

// All that a server knows of the job.
struct ServerSetup {
  // A part of a parameter with the padding behind it; the pieces follow each other and fill the range.
  struct Piece {
    int64_t elements = 0;
    ParameterRole role = ParameterRole::kWeight;
    float learning_rate_multiplier = 1, weight_decay_multiplier = 1;
  };

  ServerMode mode = ServerMode::kSynchronous;
  int32_t staleness = 0;  // of ServerMode::kBoundedStaleness
  int32_t workers = 1, shards = 1;
  DType wire = DType::kF32;
  int64_t chunk_elements = 0;  // but for the last
  std::vector<Piece> pieces;
  std::string optimizer;  // the message of proto/optimizer.proto, serialized

  std::string Serialize() const;
  static ServerSetup Parse(absl::string_view bytes);
  int64_t elements() const;
};

struct ServerRequest {
  enum Kind : int32_t { kStep, kPush, kCollect, kFinish };
  // kAnswer: once all that this worker pushed is in the weights. kWeights: the weights too, when that and the mode's
  // bound hold.
  enum Want : int32_t { kNothing, kAnswer, kWeights };

  Kind kind = kStep;
  Want want = kNothing;  // of kPush
  double learning_rate = 0;
  int64_t update = 1;          // kStep: its number for the update rule. kPush: as if this many updates were before all
  int64_t clock = 0;           // kPush: steps of this worker that its pushes contain, this one included
  float loss_scale = 1;        // kStep: see StepInput
  float gradient_scale = 1;    // kPush: multiplies every gradient
  bool scaled = false;         // kStep: see StepInput
  bool usable = true;          // kStep: false if a loss of this worker is not finite; then nothing is updated
  bool has_gradients = false;  // kPush
};

struct ServerReply {
  bool finite = true;  // the step's gradients, if it was `scaled`
  // The smallest clock among the other workers whose pushes the weights contain, all pushes up to it.
  int64_t others_clock = 0;
};

}  // namespace espalier

#endif  // ESPALIER_PARALLEL_PARAMETER_SERVER_MESSAGES_H_
