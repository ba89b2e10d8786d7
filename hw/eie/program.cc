#include "hw/eie/program.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/status.h"

namespace espalier {
namespace {

// Encodes one block of rows, N columns at a time, and starts a new tile where the memories are full.
class BlockCompiler {
 public:
  BlockCompiler(const EieConfig& config, const SparseMatrix& matrix, EieRowBlock* block,
                std::vector<int64_t>* next_entries)
      : config_(config),
        matrix_(matrix),
        block_(*block),
        next_entries_(*next_entries),
        elements_(config.processing_elements),
        positions_(elements_) {}

  absl::Status Run() {
    for (int64_t column = 0; column < matrix_.columns; column += elements_) {
      const int64_t columns = std::min(elements_, matrix_.columns - column);
      EieTile group = Encode(column, columns);
      if (!Fits(0, {}, group)) {
        return absl::InvalidArgumentError(absl::StrCat(
            matrix_.name, ": expected room for ", columns, " columns of ", block_.rows, " rows on ", elements_,
            " processing elements, found ", config_.MaximumEntries(), " entries, ", config_.MaximumPointers(),
            " pointers and ", config_.MaximumActivations(), " activations in the memories of each"));
      }
      if (block_.tiles.empty() || !Fits(block_.tiles.back().columns, block_.tiles.back().images, group)) {
        block_.tiles.push_back(std::move(group));
      } else {
        Append(group, &block_.tiles.back());
      }
    }
    return absl::OkStatus();
  }

 private:
  EieTile Encode(int64_t first_column, int64_t columns) {
    EieTile group{first_column, columns, std::vector<EieImage>(elements_)};
    for (EieImage& image : group.images) image.pointers.reserve(columns + 1), image.pointers.push_back(0);
    for (int64_t column = first_column; column < first_column + columns; ++column) {
      std::fill(positions_.begin(), positions_.end(), 0);
      int64_t& at = next_entries_[column];
      for (; at < matrix_.column_starts[column + 1]; ++at) {
        const uint32_t row = static_cast<uint32_t>(matrix_.row_indices[at] - block_.first_row);
        if (row >= block_.rows) break;
        const uint32_t element = row % static_cast<uint32_t>(elements_);
        AppendEntry(matrix_.codes[at], row / static_cast<uint32_t>(elements_), &positions_[element],
                    &group.images[element].entries);
      }
      for (EieImage& image : group.images) image.pointers.push_back(static_cast<uint32_t>(image.entries.size()));
    }
    return group;
  }

  // `position`: the element's first row that has not been passed yet.
  void AppendEntry(uint16_t code, uint32_t row, uint32_t* position, std::vector<EieEntry>* entries) {
    const uint32_t maximum_gap = config_.MaximumGap();
    uint32_t gap = row - *position;
    for (; gap > maximum_gap; gap -= maximum_gap + 1) entries->push_back({0, static_cast<uint16_t>(maximum_gap)});
    entries->push_back({code, static_cast<uint16_t>(gap)});
    *position = row + 1;
  }

  // Whether the memories hold a tile of so many columns together with another one.
  bool Fits(int64_t columns, const std::vector<EieImage>& images, const EieTile& group) const {
    columns += group.columns;
    if (columns + 1 > config_.MaximumPointers()) return false;
    if (columns > config_.MaximumActivations() * elements_) return false;
    for (int64_t element = 0; element < elements_; ++element) {
      const size_t before = images.empty() ? 0 : images[element].entries.size();
      if (static_cast<int64_t>(before + group.images[element].entries.size()) > config_.MaximumEntries()) return false;
    }
    return true;
  }

  static void Append(const EieTile& group, EieTile* tile) {
    tile->columns += group.columns;
    for (size_t element = 0; element < group.images.size(); ++element) {
      EieImage& image = tile->images[element];
      const EieImage& added = group.images[element];
      const uint32_t base = image.pointers.back();
      for (size_t i = 1; i < added.pointers.size(); ++i) image.pointers.push_back(base + added.pointers[i]);
      image.entries.insert(image.entries.end(), added.entries.begin(), added.entries.end());
    }
  }

  const EieConfig& config_;
  const SparseMatrix& matrix_;
  EieRowBlock& block_;
  std::vector<int64_t>& next_entries_;  // of each column: its first non-zero that no block has taken
  const int64_t elements_;
  std::vector<uint32_t> positions_;
};

void Measure(EieProgram* program) {
  const EieConfig& config = program->config;
  program->images.assign(config.processing_elements, 0);
  for (const EieRowBlock& block : program->blocks) {
    for (const EieTile& tile : block.tiles) {
      program->pointers += tile.columns + 1;
      for (size_t element = 0; element < tile.images.size(); ++element) {
        program->images[element] += static_cast<int64_t>(tile.images[element].entries.size());
      }
    }
  }
  for (const int64_t image : program->images) program->entries += image;
  program->padding_entries = program->entries - program->matrix.non_zeros();
  program->largest_image = *std::max_element(program->images.begin(), program->images.end());
  program->fits_alone =
      program->largest_image <= config.MatrixCapacity() && program->pointers <= config.MaximumPointers();
  const int64_t elements = config.processing_elements;
  const int64_t bits = program->entries * (config.code_bits + config.index_bits) +
                       elements * program->pointers * config.pointer_bits +
                       elements * static_cast<int64_t>(program->matrix.codebook.size()) * 16 +
                       program->matrix.rows * config.accumulator_bits;
  program->load_bytes = (bits + 7) / 8;
}

}  // namespace

int64_t EieProgram::tiles() const {
  int64_t count = 0;
  for (const EieRowBlock& block : blocks) count += static_cast<int64_t>(block.tiles.size());
  return count;
}

int64_t EieProgram::WriteBackCycles(const EieRowBlock& block) const {
  if (blocks.size() == 1) return 0;
  const int64_t elements = config.processing_elements;
  return config.ActivationSramCycles((block.rows + elements - 1) / elements);
}

absl::StatusOr<EieProgram> CompileForEie(const EieConfig& config, SparseMatrix matrix) {
  RETURN_IF_ERROR(Validate(config));
  if (matrix.codebook.size() > size_t{1} << config.code_bits) {
    return absl::InvalidArgumentError(absl::StrCat(matrix.name, ": expected a codebook of at most ",
                                                   1 << config.code_bits, " weights, found ", matrix.codebook.size()));
  }
  EieProgram program;
  program.config = config;
  program.matrix = std::move(matrix);
  std::vector<int64_t> next_entries(program.matrix.column_starts.begin(), program.matrix.column_starts.end() - 1);
  const int64_t block_rows = int64_t{config.activation_registers} * config.processing_elements;
  for (int64_t row = 0; row < program.matrix.rows; row += block_rows) {
    EieRowBlock block{row, std::min(block_rows, program.matrix.rows - row), {}};
    RETURN_IF_ERROR(BlockCompiler(config, program.matrix, &block, &next_entries).Run());
    program.blocks.push_back(std::move(block));
  }
  Measure(&program);
  return program;
}

}  // namespace espalier
