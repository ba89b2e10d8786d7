// Messages with random content, for tests.
#ifndef ESPALIER_PROTO_TESTING_RANDOM_MESSAGE_H_
#define ESPALIER_PROTO_TESTING_RANDOM_MESSAGE_H_

#include <google/protobuf/message.h>

#include "core/random.h"

namespace espalier {

// Sets random fields of `message` to random values: numbers over all magnitudes, the ends of their ranges, infinity and
// NaN; strings of any UTF-8; messages up to `depth` levels. Extensions stay away.
void FillRandomly(Random* random, int depth, google::protobuf::Message* message);

}  // namespace espalier

#endif  // ESPALIER_PROTO_TESTING_RANDOM_MESSAGE_H_
