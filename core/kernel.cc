#include "core/kernel.h"

namespace espalier {
namespace {

class ReferenceKernel : public Kernel {
 public:
  explicit ReferenceKernel(const KernelRequest& request)
      : op_(request.op), input_types_(request.inputs), output_types_(request.outputs) {}

  void Bind(const KernelArguments& arguments) override {
    inputs_.clear();
    outputs_.clear();
    for (size_t i = 0; i < input_types_.size(); ++i) {
      inputs_.push_back(Tensor::Borrow(input_types_[i].dtype, input_types_[i].shape, arguments.inputs[i]));
    }
    for (size_t i = 0; i < output_types_.size(); ++i) {
      outputs_.push_back(Tensor::Borrow(output_types_[i].dtype, output_types_[i].shape, arguments.outputs[i]));
    }
  }
  void Run(const StepContext& step) override { op_->Reference(inputs_, outputs_, step); }

 private:
  const Operator* op_;
  std::vector<TensorType> input_types_, output_types_;
  std::vector<Tensor> inputs_, outputs_;
};

}  // namespace

KernelChoice PlainChoice(const KernelRequest& request, FunctionKernel::Function function, std::string implementation) {
  KernelChoice choice;
  choice.kernel = std::make_unique<FunctionKernel>(std::move(function));
  choice.input_layouts.resize(request.inputs.size());
  choice.output_layouts.resize(request.outputs.size());
  choice.implementation = std::move(implementation);
  return choice;
}

KernelChoice ElementwiseChoice(const KernelRequest& request, bool keeps_zeros,
                               std::function<void(const KernelArguments& arguments, int64_t elements)> function) {
  const Shape& shape = request.inputs[0].shape;
  Layout layout;
  for (const Layout& candidate : request.input_layouts) {
    if (candidate.blocked()) {
      layout = candidate;
      break;
    }
  }
  const int64_t elements = layout.PaddedElements(shape);
  if (!keeps_zeros && elements != shape.elements()) layout = Layout();
  const int64_t count = layout.PaddedElements(shape);
  KernelChoice choice;
  choice.kernel = std::make_unique<FunctionKernel>(
      [function = std::move(function), count](const KernelArguments& arguments, const StepContext&) {
        function(arguments, count);
      });
  choice.input_layouts.assign(request.inputs.size(), layout);
  choice.output_layouts.assign(request.outputs.size(), layout);
  choice.implementation = "own";
  return choice;
}

KernelChoice ReferenceChoice(const KernelRequest& request) {
  KernelChoice choice;
  choice.kernel = std::make_unique<ReferenceKernel>(request);
  choice.input_layouts.resize(request.inputs.size());
  choice.output_layouts.resize(request.outputs.size());
  choice.implementation = "reference";
  return choice;
}

}  // namespace espalier
