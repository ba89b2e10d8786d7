// libFuzzer's mutations for packages: of the description of the network, of the sections, or of any bytes; the header's
// size and the checksum are then made right again, as nearly nothing else would get past them.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "core/random.h"
#include "tests/fuzz/package_fuzz.h"

// libFuzzer's own, at most `max_size` bytes from `size` in place.
extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace espalier {
namespace {

std::string Mutated(std::string bytes, size_t max_size) {
  const size_t size = bytes.size();
  bytes.resize(std::max(size, max_size));
  bytes.resize(LLVMFuzzerMutate(reinterpret_cast<uint8_t*>(bytes.data()), size, bytes.size()));
  return bytes;
}

std::string MutatedPackage(const std::string& bytes, size_t max_size, Random* random) {
  std::optional<PackageParts> parts = SplitPackage(bytes);
  const uint64_t choice = random->Below(16);
  if (choice == 0) return Mutated(bytes, max_size);
  if (choice <= 2 || !parts.has_value()) return SealPackage(Mutated(bytes, max_size));
  const size_t room = max_size - std::min(max_size, bytes.size());
  std::string& part = choice <= 5 ? parts->info : parts->sections;
  part = Mutated(part, part.size() + room);
  return JoinPackage(*parts);
}

}  // namespace
}  // namespace espalier

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  espalier::Random random(seed, "mutator", 0, 0);
  const std::string mutated =
      espalier::MutatedPackage(std::string(reinterpret_cast<const char*>(data), size), max_size, &random);
  const size_t taken = std::min(mutated.size(), max_size);
  std::copy_n(mutated.begin(), taken, data);
  return taken;
}
