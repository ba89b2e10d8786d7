// A kernel: an operator made executable for given types and layouts. Everything is decided when it is made; Run only
// computes.
#ifndef ESPALIER_CORE_KERNEL_H_
#define ESPALIER_CORE_KERNEL_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/layout.h"
#include "core/operator.h"

namespace espalier {

struct KernelArguments {
  std::vector<void*> inputs;
  std::vector<void*> outputs;
  void* scratch = nullptr;
};

class Kernel {
 public:
  virtual ~Kernel() = default;
  // Called before the first Run, and again whenever an address changed.
  virtual void Bind(const KernelArguments& arguments) = 0;
  // Must not allocate.
  virtual void Run(const StepContext& step) = 0;
};

// A kernel from a function of its arguments.
class FunctionKernel : public Kernel {
 public:
  using Function = std::function<void(const KernelArguments& arguments, const StepContext& step)>;
  explicit FunctionKernel(Function function) : function_(std::move(function)) {}
  void Bind(const KernelArguments& arguments) override { arguments_ = arguments; }
  void Run(const StepContext& step) override { function_(arguments_, step); }

 private:
  Function function_;
  KernelArguments arguments_;
};

// What a kernel is wanted for: the operator, its types, and how its inputs lie now (they can be reordered).
struct KernelRequest {
  const Operator* op;
  std::vector<TensorType> inputs;
  std::vector<TensorType> outputs;
  std::vector<Layout> input_layouts;
};

// A kernel, and the layouts that it asks for and produces.
struct KernelChoice {
  std::unique_ptr<Kernel> kernel;
  std::vector<Layout> input_layouts;
  std::vector<Layout> output_layouts;
  size_t scratch_bytes = 0;
  std::string implementation;  // "jit:avx512_core", "own", "reference"
};

// Returns nothing when it cannot serve the request: the next maker is asked, at last the reference kernel.
using KernelMaker = std::optional<KernelChoice> (*)(const KernelRequest& request);

// A choice for a kernel that takes and gives plain layouts only.
KernelChoice PlainChoice(const KernelRequest& request, FunctionKernel::Function function,
                         std::string implementation = "own");

// A choice for an element-wise kernel, which works on all elements in memory order: every input takes the layout of the
// first input that is not plain, every output has it. `function` gets the number of elements, padding included; with
// `keeps_zeros` false (f(0) != 0 would spoil the zero padding) padded layouts become plain.
KernelChoice ElementwiseChoice(const KernelRequest& request, bool keeps_zeros,
                               std::function<void(const KernelArguments& arguments, int64_t elements)> function);

// The operator's reference kernel on plain layouts.
KernelChoice ReferenceChoice(const KernelRequest& request);

}  // namespace espalier

#endif  // ESPALIER_CORE_KERNEL_H_
