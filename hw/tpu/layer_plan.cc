#include "hw/tpu/layer_plan.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/status.h"

namespace espalier::tpu {
namespace {

constexpr size_t kMaximumSettings = 1 << 16;  // what an instruction's field can name

int64_t CeilDivide(int64_t value, int64_t by) { return (value + by - 1) / by; }

LayerShape SourceShape(const Network& network, const std::vector<LayerShape>& shapes, const Source& source) {
  return source.layer < 0 ? InputShape(network) : shapes[source.layer];
}

// Of one layer.
class Planner {
 public:
  Planner(const Config& config, const Network& network, const std::vector<LayerShape>& shapes, int index,
          Program* program)
      : config_(config),
        network_(network),
        layer_(network.layers[index]),
        shape_(shapes[index]),
        input_(SourceShape(network, shapes, SourcesOf(network, index)[0])),
        program_(*program) {
    for (const Source& source : SourcesOf(network, index)) {
      source_columns_.push_back(SourceShape(network, shapes, source).columns);
    }
  }

  absl::StatusOr<LayerPlan> Plan() {
    LayerPlan plan;
    plan.output_blocks = CeilDivide(shape_.columns, config_.array_size);
    if (layer_.kind == Layer::Kind::kMatrix) {
      ASSIGN_OR_RETURN(plan.chunks, CutRows());
      AddTiles(&plan);
    }
    plan.first_activation = program_.activations.size();
    for (int64_t first = 0; first < shape_.columns; first += config_.array_size) AddActivation(first);
    return plan;
  }

 private:
  absl::StatusOr<std::vector<Chunk>> CutRows();
  void AddTiles(LayerPlan* plan);
  void AddActivation(int64_t first);
  int Columns(int64_t first) const {
    return static_cast<int>(std::min<int64_t>(config_.array_size, shape_.columns - first));
  }

  const Config& config_;
  const Network& network_;
  const Layer& layer_;
  const LayerShape& shape_;
  const LayerShape input_;  // the first source's
  std::vector<int64_t> source_columns_;
  Program& program_;
};

void Planner::AddTiles(LayerPlan* plan) {
  plan->inputs = InputBlocks(layer_, source_columns_, config_.array_size);
  plan->first_tile = program_.tiles.size();
  for (int64_t first = 0; first < shape_.columns; first += config_.array_size) {
    for (const InputBlock& block : plan->inputs) {
      program_.tiles.push_back(MakeTile(layer_, block, first, Columns(first), config_.array_size));
    }
  }
}

// Chunks of about equal size: of whole images, or of lines where these, or an image, exceed half the accumulators.
absl::StatusOr<std::vector<Chunk>> Planner::CutRows() {
  const int64_t limit = config_.accumulator_rows / 2;
  const int64_t image = int64_t{shape_.conv_height} * shape_.conv_width;
  const bool whole_images = image <= limit;
  const int64_t unit = whole_images ? image : shape_.conv_width;
  if (unit > limit || (layer_.pool.kernel > 0 && !whole_images)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "layer ", layer_.name, ": expected ", layer_.pool.kernel > 0 ? "images to pool" : "lines", " of at most ",
        limit, " pixels, half the accumulators, found ", layer_.pool.kernel > 0 ? image : unit));
  }
  const int64_t units = network_.batch * image / unit;
  const int64_t count = CeilDivide(units, limit / unit);
  const bool windows = layer_.kernel_height != 1 || layer_.kernel_width != 1 || layer_.stride != 1 || layer_.pad != 0;
  std::vector<Chunk> chunks;
  for (int64_t c = 0; c < count; ++c) {
    Chunk chunk;
    chunk.first = units * c / count * unit;
    chunk.rows = units * (c + 1) / count * unit - chunk.first;
    if (windows) {
      chunk.convolution = static_cast<int>(program_.convolutions.size());
      program_.convolutions.push_back({input_.height, input_.width, layer_.stride, layer_.pad, shape_.conv_height,
                                       shape_.conv_width, chunk.first / shape_.conv_width});
    }
    chunks.push_back(chunk);
  }
  return chunks;
}

void Planner::AddActivation(int64_t first) {
  ActivationSetting setting;
  setting.columns = Columns(first);
  const auto slice = [&](const auto& all, auto* part) {
    if (all.size() <= 1) {
      *part = all;
    } else {
      part->assign(all.begin() + first, all.begin() + first + setting.columns);
    }
  };
  slice(layer_.requantization.multiplier, &setting.requantization.multiplier);
  slice(layer_.requantization.shift, &setting.requantization.shift);
  if (layer_.matrix != nullptr) {
    setting.bias.assign(layer_.matrix->bias.begin() + first, layer_.matrix->bias.begin() + first + setting.columns);
  }
  setting.requantization.minimum = layer_.requantization.minimum;
  setting.requantization.maximum = layer_.requantization.maximum;
  setting.nonlinearity = layer_.nonlinearity;
  setting.input_fraction = layer_.input_fraction;
  setting.output_fraction = layer_.output_fraction;
  setting.type = layer_.type;
  setting.pool = layer_.pool;
  setting.pool.height = shape_.conv_height;
  setting.pool.width = shape_.conv_width;
  setting.product = layer_.kind == Layer::Kind::kProduct;
  setting.operand_type = input_.type;
  setting.rows = network_.batch * shape_.height * shape_.width;
  program_.activations.push_back(std::move(setting));
}

}  // namespace

absl::StatusOr<std::vector<LayerPlan>> PlanLayers(const Config& config, const Network& network,
                                                  const std::vector<LayerShape>& shapes, Program* program) {
  std::vector<LayerPlan> plans;
  for (size_t l = 0; l < shapes.size(); ++l) {
    ASSIGN_OR_RETURN(LayerPlan plan, Planner(config, network, shapes, static_cast<int>(l), program).Plan());
    plans.push_back(std::move(plan));
  }
  if (program->activations.size() > kMaximumSettings || program->convolutions.size() > kMaximumSettings) {
    return absl::InvalidArgumentError(absl::StrCat("expected at most ", kMaximumSettings, " settings, found ",
                                                   program->activations.size(), " and ", program->convolutions.size()));
  }
  const int64_t room = config.weight_memory_bytes / config.TileBytes();
  if (static_cast<int64_t>(program->tiles.size()) > room) {
    return absl::InvalidArgumentError(
        absl::StrCat("weight memory: expected at most ", room, " tiles, found ", program->tiles.size()));
  }
  return plans;
}

}  // namespace espalier::tpu
