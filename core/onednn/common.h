// Shared by the kernels of this folder: the engine, descriptors to and from layouts, and a kernel around one primitive.
#ifndef ESPALIER_CORE_ONEDNN_COMMON_H_
#define ESPALIER_CORE_ONEDNN_COMMON_H_

#include <utility>
#include <vector>

#include "core/kernel.h"
#include "dnnl.hpp"

namespace espalier::onednn {

dnnl::engine& Engine();
dnnl::stream& Stream();

dnnl::memory::data_type DataType(DType dtype);
// The descriptor of a tensor that lies in `layout` (not opaque).
dnnl::memory::desc Describe(const TensorType& type, const Layout& layout);
// The same for another view of the dimensions: the convolution's [g, o / g, i / g, h, w] weights.
dnnl::memory::desc Plain(DType dtype, const std::vector<int64_t>& dims);
// Any layout: the primitive chooses.
dnnl::memory::desc Any(DType dtype, const std::vector<int64_t>& dims);
dnnl::memory::desc Any(const TensorType& type);
// The layout that a descriptor of a tensor of `shape` stands for; opaque for formats that only oneDNN can read.
Layout ToLayout(const dnnl::memory::desc& desc, const Shape& shape);
std::vector<int64_t> Dims(const Shape& shape);

// Attributes with a scratchpad that the plan places.
dnnl::primitive_attr Attributes();
dnnl::primitive_attr ReluAttributes(bool relu);

// Where a primitive's argument lives.
struct Argument {
  enum class Source { kInput, kOutput, kScratch };
  int dnnl_index;  // DNNL_ARG_...
  dnnl::memory::desc desc;
  Source source;
  int index;
};

// One primitive with its arguments bound in advance.
class PrimitiveKernel : public Kernel {
 public:
  PrimitiveKernel(dnnl::primitive primitive, const std::vector<Argument>& arguments);
  void Bind(const KernelArguments& arguments) override;
  void Run(const StepContext& step) override;

 private:
  dnnl::primitive primitive_;
  std::vector<Argument> sources_;
  std::vector<dnnl::memory> memories_;
  std::vector<dnnl_exec_arg_t> exec_args_;
};

// True for a reference implementation, which our own kernels beat.
bool IsReference(const char* implementation);

// Puts a primitive and its arguments, the scratchpad included, into `choice`.
template <typename PrimitiveDesc>
void SetPrimitive(KernelChoice* choice, dnnl::primitive primitive, const PrimitiveDesc& desc,
                  std::vector<Argument> arguments) {
  const dnnl::memory::desc scratch = desc.scratchpad_desc();
  choice->scratch_bytes = scratch.get_size();
  if (choice->scratch_bytes > 0) {
    arguments.push_back({DNNL_ARG_SCRATCHPAD, scratch, Argument::Source::kScratch, 0});
  }
  choice->implementation = desc.impl_info_str();
  choice->kernel = std::make_unique<PrimitiveKernel>(std::move(primitive), arguments);
}

}  // namespace espalier::onednn

#endif  // ESPALIER_CORE_ONEDNN_COMMON_H_
