#include "parallel/parameter_service.h"

#include "core/kernels/elementwise_kernels.h"
#include "glog/logging.h"

namespace espalier {

std::vector<float> ParameterService::Decode(int chunk, Letter letter) {
  const int64_t count = range().size(chunk);
  const DType wire = context_.setup.wire;
  CHECK_EQ(letter.bytes, count * SizeOf(wire));
  if (wire == DType::kF32) return std::move(letter.memory);
  std::vector<float> values = context_.inbox->TakeSpare(count);
  Cast(wire, letter.data(), DType::kF32, values.data(), count);
  Recycle(std::move(letter.memory));
  return values;
}

void ParameterService::SendChunk(int chunk, int worker) {
  context_.outbox->Send(range().weights() + range().begin(chunk), range().size(chunk) * sizeof(float), worker,
                        kChunkTag + chunk, chunk);
}

}  // namespace espalier
