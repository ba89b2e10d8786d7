#include "hw/tpu/applications.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/status.h"
#include "hw/tpu/compiler.h"
#include "hw/tpu/timing.h"

namespace espalier::tpu {
namespace {

// Enough that the first input, which nothing hides, does not count.
constexpr int kRepetitions = 16;
// The same where only inputs and outputs themselves travel.
constexpr int kRepetitionsOfOwn = 4;

Layer Matrix(const std::string& name, int64_t outputs) {
  Layer layer;
  layer.name = name;
  layer.outputs = outputs;
  return layer;
}

Layer Convolution(const std::string& name, int64_t channels, int kernel) {
  Layer layer = Matrix(name, channels);
  layer.kernel_height = layer.kernel_width = kernel;
  layer.pad = kernel / 2;
  return layer;
}

// Five dense layers with 20 million weights: 2000 x 2000. Row 3 / row 1 = 2.4 % of the tiles' weights are padding, as
// in 8 x 8 tiles with 2024 x 2024 weights.
Network MakeMlp0() {
  Network network;
  network.batch = 200;
  network.columns = 2024;
  for (int l = 0; l < 5; ++l) network.layers.push_back(Matrix(absl::StrCat("fc", l + 1), 2024));
  return network;
}

// Four dense layers with 5 million weights. Row 3 / row 1 = 11 % of padding: 86 tiles. Four square layers take 100;
// three of 1224 x 1224 and one to 411 outputs take 85.
Network MakeMlp1() {
  Network network;
  network.batch = 168;
  network.columns = 1224;
  for (int l = 0; l < 4; ++l) network.layers.push_back(Matrix(absl::StrCat("fc", l + 1), l < 3 ? 1224 : 411));
  return network;
}

// Adds a cell: four gates, each a dense layer of the inputs and of the cell's last output, and
// c = f c' + i g, h = o tanh(c). Returns h's place.
int AddCell(const std::string& name, const std::vector<Source>& inputs, int64_t width, Network* network) {
  std::vector<Layer>& layers = network->layers;
  const int first = static_cast<int>(layers.size());
  const int cell = first + 6, output = first + 8;
  for (const char* gate : {"i", "f", "o", "g"}) {
    Layer layer = Matrix(absl::StrCat(name, "/", gate), width);
    layer.sources = inputs;
    layer.sources.push_back({output, true});
    layer.nonlinearity = *gate == 'g' ? Nonlinearity::kTanh : Nonlinearity::kSigmoid;
    layers.push_back(layer);
  }
  const auto add = [&](Layer::Kind kind, const char* what, const Source& a, const Source& b) {
    Layer layer = Matrix(absl::StrCat(name, "/", what), width);
    layer.kind = kind;
    layer.sources = {a, b};
    layers.push_back(layer);
  };
  add(Layer::Kind::kProduct, "f c", {first + 1}, {cell, true});
  add(Layer::Kind::kProduct, "i g", {first}, {first + 3});
  add(Layer::Kind::kSum, "c", {first + 4}, {first + 5});
  // c + c, which the requantization halves: an element-wise layer of one operand.
  add(Layer::Kind::kSum, "tanh c", {cell}, {cell});
  layers.back().nonlinearity = Nonlinearity::kTanh;
  add(Layer::Kind::kProduct, "h", {first + 2}, {first + 7});
  return output;
}

void MakeSixteenBit(Network* network) {
  network->type = ActivationType::kSigned16;
  for (Layer& layer : network->layers) layer.type = ActivationType::kSigned16;
}

// 24 dense and 34 vector layers: six cells with four gates and five vector layers each, and four sums (residual
// connections between equally wide cells). 52 million weights without padding (row 3 is 0.0): cells of 1024, the first
// of which reads 1536 inputs, give 52.4 million.
Network MakeLstm0() {
  Network network;
  network.batch = 64;
  network.columns = 1536;
  int below = AddCell("cell1", {{Source::kNetworkInput}}, 1024, &network);
  for (int l = 2; l <= 6; ++l) {
    const int output = AddCell(absl::StrCat("cell", l), {{below}}, 1024, &network);
    if (l < 6) {
      Layer residual = Matrix(absl::StrCat("residual", l), 1024);
      residual.kind = Layer::Kind::kSum;
      residual.sources = {{output}, {below}};
      network.layers.push_back(residual);
    }
    below = static_cast<int>(network.layers.size()) - 1;
  }
  network.waits_for_host = true;
  MakeSixteenBit(&network);
  return network;
}

// 37 dense and 19 vector layers: nine cells with four gates and (counted after fusion) two vector layers each, and an
// output layer. Matrices of 600 x 600 are named, and 34 million weights are 94 of them: two for each gate, or three in
// the five upper cells, which read the network's input as well (92), and 1467 outputs. 39 % padding, against row 3 /
// row 1 = 40 %.
Network MakeLstm1() {
  Network network;
  network.batch = 96;
  network.columns = 600;
  int below = Source::kNetworkInput;
  for (int l = 1; l <= 9; ++l) {
    std::vector<Source> inputs = {{below}};
    if (l > 4) inputs.push_back({Source::kNetworkInput});
    below = AddCell(absl::StrCat("cell", l), inputs, 600, &network);
  }
  network.layers.push_back(Matrix("output", 1467));
  network.waits_for_host = true;
  MakeSixteenBit(&network);
  return network;
}

// 16 convolutions. 2888 operations per weight byte are batch 8 x 361 = 19 x 19 pixels, in every layer (a Go board); no
// padding at all (row 3), so 256 channels, whose 3 x 3 convolutions have 590,000 weights: 14 of them and two of 1 x 1
// give 8.4 of the 8 million. Table 8 agrees: 1.5 MiB are twice 8 x 361 x 256 bytes.
Network MakeCnn0() {
  Network network;
  network.batch = 8;
  network.height = network.width = 19;
  network.columns = 256;
  for (int l = 0; l < 16; ++l) {
    network.layers.push_back(Convolution(absl::StrCat("conv", l + 1), 256, l == 0 || l == 15 ? 1 : 3));
  }
  return network;
}

// 72 convolutions, 4 dense layers, 13 pools, 100 million weights, batch 32. 1750 operations per weight byte over all,
// and 32 in the dense layers; half the weights of the tiles are padding because of shallow convolutions (row 3 / row
// 1). 3 x 3 convolutions of 180 to 180 channels fill (180 / 256)^2 = 49 % of a tile, and 72 of them have 21.0 million
// weights. On maps of 16 x 16 that leaves, for 1750, 79 million to the dense layers: 5 x 5 x 180 = 4500 -> 4500 -> 4500
// -> 4500 -> 4000. Twelve pools leave the maps' size (as those of Inception do), the last makes them 5 x 5.
Network MakeCnn1() {
  Network network;
  network.batch = 32;
  network.height = network.width = 16;
  network.columns = 180;
  for (int l = 1; l <= 72; ++l) {
    Layer layer = Convolution(absl::StrCat("conv", l), 180, 3);
    if (l % 5 == 0 && l <= 60) layer.pool = {3, 1, 1};
    if (l == 72) layer.pool = {3, 3, 0};
    network.layers.push_back(layer);
  }
  for (int l = 1; l <= 4; ++l) network.layers.push_back(Matrix(absl::StrCat("fc", l), l < 4 ? 4500 : 4000));
  network.layers[72].kernel_height = network.layers[72].kernel_width = 5;
  return network;
}

int64_t CountWeights(const Program& program) {
  int64_t weights = 0;
  for (const WeightTile& tile : program.tiles) weights += int64_t{tile.rows} * tile.columns;
  return weights;
}

// Bytes each way that make the host's share of the published TPU's time that of Table 5.
absl::StatusOr<int64_t> ExtraHostBytes(const Application& application) {
  const Config config;
  Network network = application.network;
  network.repetitions = kRepetitions;
  ASSIGN_OR_RETURN(const Program program, Compile(config, network));
  const Counters counters = EstimateTiming(config, program);
  const double share = application.host_share;
  const double host_cycles =
      static_cast<double>(counters.cycles) * (network.waits_for_host ? share / (1 - share) : share);
  const double bytes = host_cycles / config.clock_hz * config.host_bytes_per_s -
                       static_cast<double>(counters.host_read_bytes + counters.host_written_bytes);
  return std::max<int64_t>(0, static_cast<int64_t>(bytes / 2 / kRepetitions));
}

}  // namespace

std::vector<Application> Applications() {
  return {
      {"MLP0", MakeMlp0(), 20, 200, 0.21, 0.305, {12.7, 12.5, 0.3, 53.9, 15.9, 17.5, 3.3, 6.1, 12.3}},
      {"MLP1", MakeMlp1(), 5, 168, 0.76, 0.305, {10.6, 9.4, 1.2, 44.2, 13.4, 31.9, 8.4, 8.8, 9.7}},
      {"LSTM0", MakeLstm0(), 52, 64, 0.11, 0.145, {8.2, 8.2, 0.0, 58.1, 15.8, 17.9, 14.6, 5.1, 3.7}},
      {"LSTM1", MakeLstm1(), 34, 96, 0.20, 0.145, {10.5, 6.3, 4.2, 62.1, 17.1, 10.3, 10.6, 2.4, 2.8}},
      {"CNN0", MakeCnn0(), 8, 2888, 0.51, 0.025, {78.2, 78.2, 0.0, 0.0, 0.0, 21.8, 3.5, 3.4, 86.0}},
      {"CNN1", MakeCnn1(), 100, 1750, 0.14, 0.025, {46.2, 22.5, 23.7, 28.1, 7.0, 18.7, 22.8, 0.6, 14.1}},
  };
}

double RooflineBound(const Config& config, double intensity) {
  return std::min(config.PeakOperationsPerSecond(), 2 * config.weight_bytes_per_s * intensity) / 1e12;
}

absl::StatusOr<Program> CompileApplication(const Config& config, const Application& application) {
  return Compile(config, application.network);
}

absl::StatusOr<ApplicationResult> RunApplication(const Config& config, const Application& application,
                                                 HostTraffic host) {
  Network network = application.network;
  network.repetitions = host == HostTraffic::kOwn ? kRepetitionsOfOwn : kRepetitions;
  if (host == HostTraffic::kMeasured) {
    ASSIGN_OR_RETURN(network.extra_input_bytes, ExtraHostBytes(application));
    network.extra_output_bytes = network.extra_input_bytes;
  }
  ASSIGN_OR_RETURN(const Program program, Compile(config, network));
  ApplicationResult result;
  result.counters = EstimateTiming(config, program);
  const double seconds = static_cast<double>(result.counters.cycles) / config.clock_hz;
  result.tera_operations_per_s = static_cast<double>(result.counters.operations) / seconds / 1e12;
  result.batches_per_s = network.repetitions / seconds;
  result.weights = CountWeights(program);
  result.intensity =
      static_cast<double>(result.counters.operations) / 2 / network.repetitions / static_cast<double>(result.weights);
  result.bound = RooflineBound(config, result.intensity);
  return result;
}

PublishedCounters Percentages(const Config& config, const ApplicationResult& result) {
  const Counters& counters = result.counters;
  const double unit = 100 / static_cast<double>(counters.cycles);
  PublishedCounters percent;
  percent.array_active = unit * static_cast<double>(counters.array_active);
  percent.useful_macs = unit * static_cast<double>(counters.useful_macs) / static_cast<double>(config.TileBytes());
  percent.unused_macs = percent.array_active - percent.useful_macs;
  percent.weight_stall = unit * static_cast<double>(counters.weight_stall);
  percent.weight_shift = unit * static_cast<double>(counters.weight_shift);
  percent.non_matrix = unit * static_cast<double>(counters.non_matrix());
  percent.raw_stall = unit * static_cast<double>(counters.raw_stall);
  percent.input_stall = unit * static_cast<double>(counters.input_stall);
  percent.tera_operations_per_s = result.tera_operations_per_s;
  return percent;
}

}  // namespace espalier::tpu
