#include "hw/tpu/register_machine.h"

#include <algorithm>
#include <limits>

#include "hw/tpu/activation.h"

namespace espalier::tpu {

RegisterMachine::RegisterMachine(const Config& config, const Program& program)
    : config_(config),
      program_(program),
      size_(config.array_size),
      host_(program.host_rows * size_),
      unified_buffer_(program.unified_buffer_rows * size_),
      accumulators_(int64_t{config.accumulator_rows} * size_),
      progress_(program.instructions.size()),
      array_(size_) {
  Enqueue();
}

void RegisterMachine::Enqueue() {
  ConvolutionSetting convolution;
  int barrier = 0;
  for (size_t n = 0; n < program_.instructions.size(); ++n) {
    const Instruction& i = program_.instructions[n];
    const int number = static_cast<int>(n);
    if (i.opcode == Opcode::kSetConvolution) convolution = program_.convolutions[i.setting];
    if (i.opcode == Opcode::kSynchronize) barrier = static_cast<int>(host_writes_.instructions.size());
    touched_.push_back(FootprintOf(program_, i, convolution));
    convolutions_.push_back(convolution);
    barriers_.push_back(barrier);
    Progress& progress = progress_[n];
    switch (i.opcode) {
      case Opcode::kReadWeights:
        fetches_.instructions.push_back(number);
        break;
      case Opcode::kMatrixMultiply:
        progress.reads_done = progress.writes_done = false;
        progress.sums_left = i.Rows() * Planes(i.type) * size_;
        multiplications_.instructions.push_back(number);
        break;
      case Opcode::kActivate:
      case Opcode::kElementWise:
        progress.reads_done = progress.writes_done = false;
        activations_.instructions.push_back(number);
        break;
      case Opcode::kReadHostMemory:
        progress.writes_done = false;
        host_reads_.instructions.push_back(number);
        break;
      case Opcode::kWriteHostMemory:
        progress.reads_done = false;
        host_writes_.instructions.push_back(number);
        break;
      case Opcode::kSetConvolution:
      case Opcode::kSynchronize:
      case Opcode::kHalt:
        break;
    }
  }
}

bool RegisterMachine::Done() {
  const auto done = [](const Progress& progress) { return progress.reads_done && progress.writes_done; };
  const int count = static_cast<int>(progress_.size());
  while (first_open_ < count && done(progress_[first_open_])) ++first_open_;
  return first_open_ == count;
}

Counters RegisterMachine::Run() {
  for (; !Done(); ++counters_.cycles) {
    // All decide on what was so before this cycle; a shift may take the shadow registers that a multiplication leaves.
    BeginMultiplication();
    BeginShift();
    BeginFetch();
    BeginActivation();
    BeginHostRead();
    BeginHostWrite();
    CountStalls();
    // The accumulators take what the array's registers held before this cycle's edge.
    ClockAccumulators();
    ClockArray();
    ClockActivationUnit();
    ClockHostRead();
    ClockHostWrite();
    ClockFetch();
  }
  CountTraffic(config_, program_, &counters_);
  return counters_;
}

bool RegisterMachine::AwaitsHostRead(int reader, const RowRange& rows) const {
  for (int n = first_open_; n < reader; ++n) {
    const bool host = program_.instructions[n].opcode == Opcode::kReadHostMemory;
    if (host && !progress_[n].writes_done && touched_[n].writes.Overlaps(rows)) return true;
  }
  return false;
}

bool RegisterMachine::AwaitsActivation(int reader, const RowRange& rows) const {
  for (int n = first_open_; n < reader; ++n) {
    const bool host = program_.instructions[n].opcode == Opcode::kReadHostMemory;
    if (!host && !progress_[n].writes_done && touched_[n].writes.Overlaps(rows)) return true;
  }
  return false;
}

bool RegisterMachine::AwaitsReader(int writer, const RowRange& rows) const {
  for (int n = first_open_; n < writer; ++n) {
    const Footprint& touched = touched_[n];
    if (!progress_[n].reads_done && (touched.reads[0].Overlaps(rows) || touched.reads[1].Overlaps(rows))) return true;
  }
  return false;
}

bool RegisterMachine::AwaitsSums(int reader, const RowRange& rows) const {
  for (int n = first_open_; n < reader; ++n) {
    if (!progress_[n].writes_done && touched_[n].accumulator_writes.Overlaps(rows)) return true;
  }
  return false;
}

bool RegisterMachine::AwaitsActivationOfSums(int writer, const RowRange& rows) const {
  for (int n = first_open_; n < writer; ++n) {
    if (!progress_[n].reads_done && touched_[n].accumulator_reads.Overlaps(rows)) return true;
  }
  return false;
}

void RegisterMachine::BeginMultiplication() {
  if (streaming_ || multiplications_.empty()) return;
  const int head = multiplications_.head();
  const bool switches = program_.instructions[head].switch_tile;
  const Footprint& touched = touched_[head];
  if ((switches && !shadow_full_) || AwaitsHostRead(head, touched.reads[0]) ||
      AwaitsActivation(head, touched.reads[0]) || AwaitsActivationOfSums(head, touched.accumulator_writes)) {
    return;
  }
  if (switches) shadow_full_ = false;
  streaming_ = true;
  stream_position_ = 0;
}

void RegisterMachine::BeginShift() {
  if (shift_row_ >= 0 || shadow_full_ || arrived_.empty()) return;
  if (!config_.double_buffered_tile) {
    const bool wanted =
        !streaming_ && !multiplications_.empty() && program_.instructions[multiplications_.head()].switch_tile;
    if (!wanted) return;
  }
  shift_row_ = size_ - 1;
}

void RegisterMachine::BeginFetch() {
  if (fetch_.instruction >= 0 || fetches_.empty() || fifo_places_ == config_.weight_fifo_tiles) return;
  fetch_ = {fetches_.Take(), 0};
  ++fifo_places_;
}

void RegisterMachine::BeginActivation() {
  if (activation_.instruction >= 0 || activations_.empty()) return;
  const int head = activations_.head();
  const Footprint& touched = touched_[head];
  if (AwaitsSums(head, touched.accumulator_reads) || AwaitsReader(head, touched.writes)) return;
  for (const RowRange& rows : {touched.writes, touched.reads[0], touched.reads[1]}) {
    if (AwaitsHostRead(head, rows) || AwaitsActivation(head, rows)) return;
  }
  activation_ = {activations_.Take(), 0};
}

void RegisterMachine::BeginHostRead() {
  if (host_read_.instruction >= 0 || host_reads_.empty()) return;
  const int head = host_reads_.head();
  const RowRange& rows = touched_[head].writes;
  for (int place = 0; place < barriers_[head]; ++place) {
    if (!progress_[host_writes_.instructions[place]].reads_done) return;
  }
  if (AwaitsReader(head, rows) || AwaitsHostRead(head, rows) || AwaitsActivation(head, rows)) return;
  host_read_ = {host_reads_.Take(), 0};
}

void RegisterMachine::BeginHostWrite() {
  if (host_write_.instruction >= 0 || host_writes_.empty()) return;
  const int head = host_writes_.head();
  if (AwaitsHostRead(head, touched_[head].reads[0]) || AwaitsActivation(head, touched_[head].reads[0])) return;
  host_write_ = {host_writes_.Take(), 0};
}

void RegisterMachine::CountStalls() {
  if (streaming_) {
    ++counters_.array_active;
    return;
  }
  if (multiplications_.empty()) return;
  const int head = multiplications_.head();
  if (program_.instructions[head].switch_tile) {
    if (shift_row_ >= 0) {
      ++counters_.weight_shift;
    } else if (!shadow_full_) {
      ++counters_.weight_stall;
    }
  }
  counters_.raw_stall += AwaitsActivation(head, touched_[head].reads[0]);
  counters_.input_stall += AwaitsHostRead(head, touched_[head].reads[0]);
}

void RegisterMachine::ClockFetch() {
  if (fetch_.instruction < 0) return;
  ++fetch_.elapsed;
  const double cycles = static_cast<double>(config_.TileBytes()) * config_.clock_hz / config_.weight_bytes_per_s;
  if (static_cast<double>(fetch_.elapsed) < cycles) return;
  arrived_.push_back(program_.instructions[fetch_.instruction].memory);
  fetch_.instruction = -1;
}

void RegisterMachine::ClockAccumulators() {
  for (int column = 0; column < size_; ++column) {
    const SumRegister& sum = array_.Bottom(column);
    if (!sum.valid) continue;
    const uint32_t value = static_cast<uint32_t>(sum.value) << sum.tag.shift;
    int32_t& to = accumulators_[int64_t{sum.tag.accumulator} * size_ + column];
    to = static_cast<int32_t>(value + (sum.tag.add ? static_cast<uint32_t>(to) : 0));
    Progress& progress = progress_[sum.tag.instruction];
    if (--progress.sums_left == 0) progress.writes_done = true;
  }
}

// The vector (of bytes) at the stream's position: values, extended to nine bits, and what travels with them.
void RegisterMachine::StreamVector(std::vector<ActivationRegister>* activations) {
  const int head = multiplications_.head();
  const Instruction& i = program_.instructions[head];
  const int64_t planes = Planes(i.type), row = stream_position_ / planes, plane = stream_position_ % planes;
  const int64_t vector = i.convolve ? convolutions_[head].Pixel(row, i.kernel_y, i.kernel_x) : row;
  VectorTag tag;
  tag.instruction = head;
  tag.accumulator = static_cast<int32_t>(i.accumulator + row);
  tag.add = i.accumulate || plane > 0;
  tag.shift = static_cast<int>(8 * plane) + (i.plane == WeightPlane::kHigh ? 8 : 0);
  tag.unsigned_weights = i.plane == WeightPlane::kLow;
  tag.switch_tile = i.switch_tile && stream_position_ == 0;
  const bool is_unsigned = i.type == ActivationType::kUnsigned8 || (planes == 2 && plane == 0);
  for (int element = 0; element < size_; ++element) {
    uint8_t byte = 0;
    if (vector >= 0) byte = unified_buffer_[(i.unified_buffer + vector * planes + plane) * size_ + element];
    (*activations)[element] = {true, is_unsigned ? byte : static_cast<int8_t>(byte), tag};
  }
}

void RegisterMachine::ClockArray() {
  std::vector<ActivationRegister> activations(size_);
  std::vector<WeightRegister> weights(size_);
  if (streaming_) {
    StreamVector(&activations);
    const int head = multiplications_.head();
    const Instruction& i = program_.instructions[head];
    if (++stream_position_ == i.Rows() * Planes(i.type)) {
      streaming_ = false;
      progress_[head].reads_done = true;
      ++multiplications_.next;
    }
  }
  const bool shifting = shift_row_ >= 0;
  if (shifting) {
    const WeightTile& tile = program_.tiles[arrived_.front()];
    for (int column = 0; column < size_; ++column) {
      weights[column] = {tile.bytes[shift_row_ * size_ + column], shift_row_ < tile.rows && column < tile.columns};
    }
  }
  array_.Clock(activations, weights, shift_row_ == 0);
  counters_.useful_macs += array_.useful_macs();
  if (shifting && --shift_row_ < 0) {
    arrived_.pop_front();
    --fifo_places_;
    shadow_full_ = true;
  }
}

void RegisterMachine::ClockActivationUnit() {
  for (Job& job : finishing_) ++job.elapsed;
  if (!finishing_.empty() && finishing_.front().elapsed == config_.activation_latency) {
    FinishActivation(finishing_.front().instruction);
    finishing_.pop_front();
  }
  if (activation_.instruction < 0) return;
  ++activation_.elapsed;
  const Footprint& touched = touched_[activation_.instruction];
  const auto rows = [](const RowRange& range) { return range.end - range.begin; };
  const int64_t most = std::max(
      {rows(touched.accumulator_reads), rows(touched.reads[0]) + rows(touched.reads[1]), rows(touched.writes)});
  if (activation_.elapsed * config_.activation_width < most * size_) return;
  ReadForActivation(activation_.instruction);
  progress_[activation_.instruction].reads_done = true;
  finishing_.push_back({activation_.instruction, 0});
  activation_.instruction = -1;
}

// All that the instruction makes of sums or vectors. It stands in the unit's pipeline until it is written.
void RegisterMachine::ReadForActivation(int instruction) {
  const Instruction& i = program_.instructions[instruction];
  const ActivationSetting& setting = program_.activations[i.setting];
  const bool sums = i.opcode == Opcode::kActivate;
  const int64_t rows = sums ? i.length : setting.rows, planes = Planes(setting.operand_type);
  std::vector<int32_t> values(rows * size_);
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t column = 0; column < setting.columns; ++column) {
      int64_t sum = 0;
      if (sums) {
        sum = accumulators_[(i.accumulator + row) * size_ + column];
      } else {
        const int64_t a =
            LoadActivation(&unified_buffer_[(i.operand_a + row * planes) * size_], setting.operand_type, size_, column);
        const int64_t b =
            LoadActivation(&unified_buffer_[(i.operand_b + row * planes) * size_], setting.operand_type, size_, column);
        sum = setting.product ? a * b : a + b;
      }
      values[row * size_ + column] = ActivateValue(setting, column, sum);
    }
  }
  in_pipeline_.push_back(std::move(values));
}

void RegisterMachine::FinishActivation(int instruction) {
  const Instruction& i = program_.instructions[instruction];
  const ActivationSetting& setting = program_.activations[i.setting];
  const std::vector<int32_t>& values = in_pipeline_.front();
  const bool pools = i.opcode == Opcode::kActivate && setting.pool.kernel > 0;
  const int64_t planes = Planes(setting.type);
  const int64_t rows = (touched_[instruction].writes.end - touched_[instruction].writes.begin) / planes;
  for (int64_t row = 0; row < rows; ++row) {
    const PoolWindow window = pools ? PoolWindowOf(setting.pool, row) : PoolWindow{row, 0, 1, 0, 1};
    for (int64_t column = 0; column < size_; ++column) {
      int32_t best = std::numeric_limits<int32_t>::min();
      for (int y = window.begin_y; y < window.end_y; ++y) {
        for (int x = window.begin_x; x < window.end_x; ++x) {
          best = std::max(best, values[(window.first_row + int64_t{y} * setting.pool.width + x) * size_ + column]);
        }
      }
      StoreActivation(best, &unified_buffer_[(i.unified_buffer + row * planes) * size_], setting.type, size_, column);
    }
  }
  in_pipeline_.pop_front();
  progress_[instruction].writes_done = true;
}

// As many cycles as the bytes take.
bool RegisterMachine::TransferDone(const Job& job) const {
  const auto bytes = static_cast<double>(program_.instructions[job.instruction].length * int64_t{size_});
  return static_cast<double>(job.elapsed) >= bytes * config_.clock_hz / config_.host_bytes_per_s;
}

void RegisterMachine::ClockHostRead() {
  if (host_read_.instruction < 0) return;
  ++host_read_.elapsed;
  if (!TransferDone(host_read_)) return;
  const Instruction& i = program_.instructions[host_read_.instruction];
  std::copy_n(&host_[int64_t{i.memory} * size_], int64_t{i.length} * size_,
              &unified_buffer_[int64_t{i.unified_buffer} * size_]);
  progress_[host_read_.instruction].writes_done = true;
  host_read_.instruction = -1;
}

void RegisterMachine::ClockHostWrite() {
  if (host_write_.instruction < 0) return;
  ++host_write_.elapsed;
  if (!TransferDone(host_write_)) return;
  const Instruction& i = program_.instructions[host_write_.instruction];
  std::copy_n(&unified_buffer_[int64_t{i.unified_buffer} * size_], int64_t{i.length} * size_,
              &host_[int64_t{i.memory} * size_]);
  progress_[host_write_.instruction].reads_done = true;
  host_write_.instruction = -1;
}

}  // namespace espalier::tpu
