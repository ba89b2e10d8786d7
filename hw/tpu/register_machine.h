// The whole TPU, clocked cycle by cycle, with the matrix unit register by register: the slow twin of the functional
// machine (hw/tpu/machine.h) and of the timing model (hw/tpu/timing.h). It knows no times: units look at each cycle
// whether what their next instruction waits for has happened. For small arrays.
#ifndef ESPALIER_HW_TPU_REGISTER_MACHINE_H_
#define ESPALIER_HW_TPU_REGISTER_MACHINE_H_

#include <cstdint>
#include <deque>
#include <vector>

#include "hw/tpu/counters.h"
#include "hw/tpu/systolic_array.h"

namespace espalier::tpu {

class RegisterMachine {
 public:
  // The program is valid for the configuration (ValidateProgram), its tiles and settings have their numbers; both
  // outlive the machine. Memory is zero at first.
  RegisterMachine(const Config& config, const Program& program);

  // Until all instructions are done.
  Counters Run();

  std::vector<uint8_t>& host() { return host_; }
  std::vector<uint8_t>& unified_buffer() { return unified_buffer_; }

 private:
  // What has become of an instruction.
  struct Progress {
    bool reads_done = true, writes_done = true;
    int64_t sums_left = 0;  // of a multiplication: that the accumulators have not yet
  };
  // The instructions of a unit, in order.
  struct Queue {
    std::vector<int> instructions;
    size_t next = 0;
    bool empty() const { return next == instructions.size(); }
    int head() const { return instructions[next]; }
    int Take() { return instructions[next++]; }
  };
  // An instruction that takes a known number of cycles.
  struct Job {
    int instruction = -1;
    int64_t elapsed = 0;
  };

  // Whether all is done; moves first_open_ on.
  bool Done();
  void Enqueue();
  // Whether an earlier instruction has yet to write, or read, some of the rows.
  bool AwaitsHostRead(int reader, const RowRange& rows) const;
  bool AwaitsActivation(int reader, const RowRange& rows) const;
  bool AwaitsReader(int writer, const RowRange& rows) const;
  bool AwaitsSums(int reader, const RowRange& rows) const;
  bool AwaitsActivationOfSums(int writer, const RowRange& rows) const;

  void BeginMultiplication();
  void BeginShift();
  void BeginFetch();
  void BeginActivation();
  void BeginHostRead();
  void BeginHostWrite();
  void CountStalls();
  void ClockFetch();
  void ClockAccumulators();
  void ClockArray();
  void StreamVector(std::vector<ActivationRegister>* activations);
  void ClockActivationUnit();
  void ReadForActivation(int instruction);
  void FinishActivation(int instruction);
  bool TransferDone(const Job& job) const;
  void ClockHostRead();
  void ClockHostWrite();

  const Config& config_;
  const Program& program_;
  const int size_;
  std::vector<uint8_t> host_, unified_buffer_;
  std::vector<int32_t> accumulators_;
  std::vector<Footprint> touched_;                // of each instruction
  std::vector<ConvolutionSetting> convolutions_;  // in force at each instruction
  std::vector<Progress> progress_;
  int first_open_ = 0;  // all instructions before are done
  Queue fetches_, multiplications_, activations_, host_reads_, host_writes_;
  std::vector<int> barriers_;  // of each instruction: how many host writes must be done, by place in host_writes_

  Counters counters_;
  SystolicArray array_;
  Job fetch_, host_read_, host_write_;
  int fifo_places_ = 0;           // taken, by tiles that are on their way too
  std::deque<uint32_t> arrived_;  // tiles in the FIFO
  int shift_row_ = -1;            // of the tile at the FIFO's head, that enters the array now; -1: none
  bool shadow_full_ = false;      // a whole tile waits in the shadow registers
  int64_t stream_position_ = 0;   // of the multiplication under way, in rows of the unified buffer
  bool streaming_ = false;
  Job activation_;
  // Have read all, and are on their way to the unified buffer, with their values: [rows, size].
  std::deque<Job> finishing_;
  std::deque<std::vector<int32_t>> in_pipeline_;
};

}  // namespace espalier::tpu

#endif  // ESPALIER_HW_TPU_REGISTER_MACHINE_H_
