// Symbols per second that one core codes and decodes, beside huff0, zstd's Huffman coder, on the same symbols:
//   bazel run //tests/benchmarks:huffman_benchmark -- --benchmark_repetitions=5 --benchmark_enable_random_interleaving
// Both build their tables anew for each block. huff0 takes at most 128 Ki symbols a block, so longer inputs are several
// blocks of its own. It has two decoders, one symbol a look-up (X1) and up to two (X2); zstd's choice is `huff0`.
#include <benchmark/benchmark.h>
#include <glog/logging.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "compression/coding/huffman.h"
#include "core/random.h"

// zstd 1.5.4 declares these in a header of its own sources; its static library has them.
extern "C" {
size_t HUF_compress4X_repeat(void* to, size_t capacity, const void* from, size_t size, unsigned largest_symbol,
                             unsigned table_log, void* workspace, size_t workspace_size, size_t* table, int* repeat,
                             int flags);
unsigned HUF_isError(size_t code);
size_t HUF_readDTableX1_wksp(uint32_t* table, const void* from, size_t size, void* workspace, size_t workspace_size,
                             int flags);
size_t HUF_readDTableX2_wksp(uint32_t* table, const void* from, size_t size, void* workspace, size_t workspace_size,
                             int flags);
size_t HUF_decompress4X_usingDTable(void* to, size_t size, const void* from, size_t from_size, const uint32_t* table,
                                    int flags);
size_t HUF_decompress4X_hufOnly_wksp(uint32_t* table, void* to, size_t size, const void* from, size_t from_size,
                                     void* workspace, size_t workspace_size, int flags);
}

namespace espalier {
namespace {

constexpr int kHuff0Bmi2 = 1;
constexpr size_t kHuff0Block = 128 << 10;
constexpr size_t kHuff0Workspace = 16 << 10;
constexpr uint32_t kHuff0Table = 12 * 0x01000001u;  // of up to 12 bits

// Symbols drawn with weights that need not sum to 1.
std::vector<uint8_t> Draw(size_t count, const std::vector<double>& weights) {
  std::vector<double> sums;
  double sum = 0;
  for (double weight : weights) sums.push_back(sum += weight);
  Random random(1, "benchmark", 0, count);
  std::vector<uint8_t> symbols(count);
  for (uint8_t& symbol : symbols) {
    symbol = std::upper_bound(sums.begin(), sums.end() - 1, random.Uniform() * sum) - sums.begin();
  }
  return symbols;
}

// Symbol s has the weight (1 - stop)^s.
std::vector<double> Geometric(double stop, int symbols) {
  std::vector<double> weights;
  for (int s = 0; s < symbols; ++s) weights.push_back(std::pow(1 - stop, s));
  return weights;
}

// The codes of a pruned layer, whose weights are normal but for those near 0: an even codebook, `per_deviation` values
// in each standard deviation, of which pruning took those within 0.5 deviations.
std::vector<double> WeightCodes(int codes, double per_deviation) {
  std::vector<double> weights;
  for (int s = 0; s < codes; ++s) {
    const double value = (s - (codes - 1) / 2.0) / per_deviation;
    weights.push_back(std::abs(value) < 0.5 ? 0 : std::exp(-0.5 * value * value));
  }
  return weights;
}

// Gaps between the weights that are left, one in `mean`, in symbols of which the last stands for all that are longer.
std::vector<double> Gaps(double mean, int symbols) {
  std::vector<double> weights = Geometric(1 / mean, symbols);
  weights.back() *= mean;
  return weights;
}

double Entropy(const std::vector<uint8_t>& symbols) {
  std::vector<double> counts(256);
  for (uint8_t symbol : symbols) ++counts[symbol];
  double bits = 0;
  for (double count : counts) {
    if (count > 0) bits -= count * std::log2(count / symbols.size());
  }
  return bits / symbols.size();
}

void Report(benchmark::State& state, const std::vector<uint8_t>& symbols, size_t bytes) {
  state.SetItemsProcessed(state.iterations() * symbols.size());
  state.counters["entropy"] = Entropy(symbols);
  state.counters["bits"] = 8.0 * bytes / symbols.size();
}

void Encode(benchmark::State& state, const std::vector<uint8_t>& symbols) {
  size_t bytes = 0;
  for (auto _ : state) {
    bytes = HuffmanEncode(symbols).size();
    benchmark::DoNotOptimize(bytes);
  }
  Report(state, symbols, bytes);
}

void Decode(benchmark::State& state, const std::vector<uint8_t>& symbols) {
  const std::string block = HuffmanEncode(symbols);
  std::vector<uint8_t> decoded(symbols.size());
  for (auto _ : state) {
    const absl::Status status = HuffmanDecode(block, absl::MakeSpan(decoded));
    CHECK(status.ok()) << status;
    benchmark::ClobberMemory();
  }
  CHECK(decoded == symbols);
  Report(state, symbols, block.size());
  state.counters["table_bytes"] = HuffmanBlockSizes(block, symbols.size())->table_bytes;
}

// huff0's blocks of up to 128 Ki symbols.
std::vector<std::string> Huff0Blocks(const std::vector<uint8_t>& symbols) {
  std::vector<std::string> blocks;
  std::vector<uint64_t> workspace(kHuff0Workspace / 8);
  std::vector<size_t> table(257);
  for (size_t begin = 0; begin < symbols.size(); begin += kHuff0Block) {
    const size_t size = std::min(kHuff0Block, symbols.size() - begin);
    std::string block(size + 512, '\0');
    int repeat = 0;
    const size_t bytes = HUF_compress4X_repeat(block.data(), block.size(), symbols.data() + begin, size, 255, 11,
                                               workspace.data(), kHuff0Workspace, table.data(), &repeat, kHuff0Bmi2);
    CHECK(!HUF_isError(bytes) && bytes > 1);
    block.resize(bytes);
    blocks.push_back(std::move(block));
  }
  return blocks;
}

size_t Bytes(const std::vector<std::string>& blocks) {
  size_t bytes = 0;
  for (const std::string& block : blocks) bytes += block.size();
  return bytes;
}

void Huff0Encode(benchmark::State& state, const std::vector<uint8_t>& symbols) {
  size_t bytes = 0;
  for (auto _ : state) {
    bytes = Bytes(Huff0Blocks(symbols));
    benchmark::DoNotOptimize(bytes);
  }
  Report(state, symbols, bytes);
}

using ReadTable = size_t (*)(uint32_t*, const void*, size_t, void*, size_t, int);

// `read_table`: of one of the two decoders, or none for the one that zstd chooses.
void Huff0Decode(benchmark::State& state, const std::vector<uint8_t>& symbols, ReadTable read_table) {
  const std::vector<std::string> blocks = Huff0Blocks(symbols);
  std::vector<uint8_t> decoded(symbols.size());
  std::vector<uint64_t> workspace(kHuff0Workspace / 8);
  std::vector<uint32_t> table(1 + (1 << 12));
  for (auto _ : state) {
    uint8_t* to = decoded.data();
    for (const std::string& block : blocks) {
      const size_t size = std::min<size_t>(kHuff0Block, decoded.data() + decoded.size() - to);
      table[0] = kHuff0Table;
      size_t done;
      if (read_table == nullptr) {
        done = HUF_decompress4X_hufOnly_wksp(table.data(), to, size, block.data(), block.size(), workspace.data(),
                                             kHuff0Workspace, kHuff0Bmi2);
      } else {
        const size_t head =
            read_table(table.data(), block.data(), block.size(), workspace.data(), kHuff0Workspace, kHuff0Bmi2);
        CHECK(!HUF_isError(head));
        done =
            HUF_decompress4X_usingDTable(to, size, block.data() + head, block.size() - head, table.data(), kHuff0Bmi2);
      }
      CHECK_EQ(done, size);
      to += size;
    }
    benchmark::ClobberMemory();
  }
  CHECK(decoded == symbols);
  Report(state, symbols, Bytes(blocks));
}

void RegisterAll() {
  struct Data {
    const char* name;
    std::vector<double> weights;
  };
  const Data all[] = {// about 0.9, 4.2, 4.4, 3.2, 3.6 and 6.0 bits of entropy

                      {"proba80", Geometric(0.8, 256)},
                      {"proba14", Geometric(0.14, 256)},
                      {"codes64", WeightCodes(64, 6.3)},
                      {"codes16", WeightCodes(16, 3.2)},
                      {"gaps5", Gaps(5, 32)},
                      {"gaps25", Gaps(25, 256)}};
  for (const Data& data : all) {
    for (size_t count : {1000, 10000, 100000, 1000000}) {
      const std::vector<uint8_t> symbols = Draw(count, data.weights);
      const auto add = [&](const char* what, std::function<void(benchmark::State&)> run) {
        benchmark::RegisterBenchmark(absl::StrCat(data.name, "/", count, "/", what).c_str(), std::move(run));
      };
      add("decode", [=](benchmark::State& state) { Decode(state, symbols); });
      add("decode_huff0", [=](benchmark::State& state) { Huff0Decode(state, symbols, nullptr); });
      add("decode_huff0_x1", [=](benchmark::State& state) { Huff0Decode(state, symbols, HUF_readDTableX1_wksp); });
      add("decode_huff0_x2", [=](benchmark::State& state) { Huff0Decode(state, symbols, HUF_readDTableX2_wksp); });
      add("encode", [=](benchmark::State& state) { Encode(state, symbols); });
      add("encode_huff0", [=](benchmark::State& state) { Huff0Encode(state, symbols); });
    }
  }
}

}  // namespace
}  // namespace espalier

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  espalier::RegisterAll();
  benchmark::RunSpecifiedBenchmarks();
}
