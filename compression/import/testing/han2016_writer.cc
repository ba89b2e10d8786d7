#include "compression/import/testing/han2016_writer.h"

#include "core/random.h"

namespace espalier {
namespace {

template <typename T>
void Append(const T& value, std::string* out) {
  out->append(reinterpret_cast<const char*>(&value), sizeof value);
}

void AppendBits(const std::vector<Han2016TestEntry>& entries, uint8_t Han2016TestEntry::*member, int bits,
                std::string* out) {
  for (size_t i = 0; i < entries.size(); ++i) {
    if (bits == 8 || i % 2 == 0) {
      out->push_back(static_cast<char>(entries[i].*member));
    } else {
      out->back() = static_cast<char>(out->back() | entries[i].*member << 4);
    }
  }
}

}  // namespace

std::vector<Han2016TestEntry> EntriesOf(const std::vector<uint8_t>& codes) {
  std::vector<Han2016TestEntry> entries;
  int zeros = 0;
  for (const uint8_t code : codes) {
    if (code != 0) {
      entries.push_back({code, static_cast<uint8_t>(zeros)});
      zeros = 0;
    } else if (++zeros == 16) {
      entries.push_back({0, 15});
      zeros = 0;
    }
  }
  while (!entries.empty() && entries.back().code == 0) entries.pop_back();  // a run at the end is not stored
  return entries;
}

std::string WriteHan2016(const std::vector<Han2016TestLayer>& layers) {
  std::string out;
  for (const Han2016TestLayer& layer : layers) Append(static_cast<uint32_t>(EntriesOf(layer.codes).size()), &out);
  for (const Han2016TestLayer& layer : layers) {
    for (const float value : layer.codebook) Append(value, &out);
    for (const float value : layer.bias) Append(value, &out);
    const std::vector<Han2016TestEntry> entries = EntriesOf(layer.codes);
    AppendBits(entries, &Han2016TestEntry::code, layer.code_bits, &out);
    AppendBits(entries, &Han2016TestEntry::gap, 4, &out);
  }
  return out;
}

const char kTwoLayerModel[] = R"(
  name: "two_layers"
  input { name: "image" dims: [2, 5, 5] }
  layer { name: "conv1" conv { channels: 4 kernel: 3 } }
  layer { relu {} }
  layer { name: "fc" dense { channels: 5 } })";

std::vector<Han2016TestLayer> RandomTwoLayers(uint64_t seed) {
  std::vector<Han2016TestLayer> layers(2);
  Random random(seed, "han2016", 0, 0);
  layers[1].code_bits = 4;
  const int outputs[] = {4, 5}, weights[] = {4 * 2 * 3 * 3, 5 * 36};
  for (int i = 0; i < 2; ++i) {
    Han2016TestLayer& layer = layers[i];
    const int entries = 1 << layer.code_bits;
    layer.codebook.push_back(0);
    for (int j = 1; j < entries; ++j) layer.codebook.push_back(random.Uniform(-1, 1));
    for (int j = 0; j < outputs[i]; ++j) layer.bias.push_back(random.Uniform(-1, 1));
    bool dense = true;  // stretches with and without weights
    for (int j = 0; j < weights[i]; ++j) {
      if (random.Below(20) == 0) dense = !dense;
      const bool here = dense ? random.Below(2) == 0 : random.Below(20) == 0;
      layer.codes.push_back(here ? static_cast<uint8_t>(1 + random.Below(entries - 1)) : 0);
    }
  }
  return layers;
}

}  // namespace espalier
