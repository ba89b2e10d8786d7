#include "core/onednn/common.h"

#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace espalier::onednn {

dnnl::engine& Engine() {
  static auto* engine = new dnnl::engine(dnnl::engine::kind::cpu, 0);
  return *engine;
}

dnnl::stream& Stream() {
  static auto* stream = new dnnl::stream(Engine());
  return *stream;
}

dnnl::memory::data_type DataType(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return dnnl::memory::data_type::f32;
    case DType::kBF16:
      return dnnl::memory::data_type::bf16;
    case DType::kF16:
      return dnnl::memory::data_type::f16;
    case DType::kS8:
      return dnnl::memory::data_type::s8;
    case DType::kU8:
      return dnnl::memory::data_type::u8;
    case DType::kS32:
      return dnnl::memory::data_type::s32;
  }
  return dnnl::memory::data_type::undef;
}

std::vector<int64_t> Dims(const Shape& shape) { return {shape.begin(), shape.end()}; }

dnnl::memory::desc Plain(DType dtype, const std::vector<int64_t>& dims) {
  std::vector<int64_t> strides(dims.size());
  int64_t stride = 1;
  for (int axis = static_cast<int>(dims.size()) - 1; axis >= 0; --axis) {
    strides[axis] = stride;
    stride *= dims[axis];
  }
  return {dims, DataType(dtype), strides};
}

dnnl::memory::desc Any(DType dtype, const std::vector<int64_t>& dims) {
  return {dims, DataType(dtype), dnnl::memory::format_tag::any};
}

dnnl::memory::desc Any(const TensorType& type) { return Any(type.dtype, Dims(type.shape)); }

dnnl::memory::desc Describe(const TensorType& type, const Layout& layout) {
  if (type.shape.rank() == 0) return Plain(type.dtype, {1});
  dnnl::memory::desc desc = Plain(type.dtype, Dims(type.shape));
  if (layout.plain()) return desc;
  CHECK(layout.blocked()) << layout.ToString();
  dnnl_memory_desc_t& raw = desc.data;
  for (int axis = 0; axis < raw.ndims; ++axis) {
    raw.padded_dims[axis] = layout.padded_dims()[axis];
    raw.format_desc.blocking.strides[axis] = layout.strides()[axis];
  }
  raw.format_desc.blocking.inner_nblks = static_cast<int>(layout.blocks().size());
  for (size_t i = 0; i < layout.blocks().size(); ++i) {
    raw.format_desc.blocking.inner_blks[i] = layout.blocks()[i].size;
    raw.format_desc.blocking.inner_idxs[i] = layout.blocks()[i].dim;
  }
  return desc;
}

Layout ToLayout(const dnnl::memory::desc& desc, const Shape& shape) {
  const dnnl_memory_desc_t& raw = desc.data;
  if (raw.format_kind != dnnl_blocked || raw.extra.flags != dnnl_memory_extra_flag_none || raw.ndims != shape.rank()) {
    return Layout::Opaque(desc.get_size(), absl::StrCat("onednn", static_cast<int>(raw.format_kind)));
  }
  std::vector<Layout::Block> blocks;
  for (int i = 0; i < raw.format_desc.blocking.inner_nblks; ++i) {
    blocks.push_back(
        {static_cast<int>(raw.format_desc.blocking.inner_idxs[i]), raw.format_desc.blocking.inner_blks[i]});
  }
  return Layout::Blocked(shape, {raw.padded_dims, static_cast<size_t>(raw.ndims)},
                         {raw.format_desc.blocking.strides, static_cast<size_t>(raw.ndims)}, std::move(blocks));
}

dnnl::primitive_attr Attributes() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

dnnl::primitive_attr ReluAttributes(bool relu) {
  dnnl::primitive_attr attributes = Attributes();
  if (relu) {
    dnnl::post_ops post_ops;
    post_ops.append_eltwise(1.0f, dnnl::algorithm::eltwise_relu, 0.0f, 0.0f);
    attributes.set_post_ops(post_ops);
  }
  return attributes;
}

PrimitiveKernel::PrimitiveKernel(dnnl::primitive primitive, const std::vector<Argument>& arguments)
    : primitive_(std::move(primitive)), sources_(arguments) {
  for (const Argument& argument : arguments) {
    memories_.push_back(dnnl::memory(argument.desc, Engine(), DNNL_MEMORY_NONE));
    exec_args_.push_back({argument.dnnl_index, memories_.back().get()});
  }
}

void PrimitiveKernel::Bind(const KernelArguments& arguments) {
  for (size_t i = 0; i < sources_.size(); ++i) {
    const Argument& argument = sources_[i];
    void* address = arguments.scratch;
    if (argument.source == Argument::Source::kInput) address = arguments.inputs[argument.index];
    if (argument.source == Argument::Source::kOutput) address = arguments.outputs[argument.index];
    // Setting the handle of a padded layout writes its padding, so an unchanged address is left alone.
    if (memories_[i].get_data_handle() != address) memories_[i].set_data_handle(address);
  }
}

void PrimitiveKernel::Run(const StepContext& /*step*/) {
  // The C interface: the C++ one builds a map at every call.
  const dnnl_status_t status =
      dnnl_primitive_execute(primitive_.get(), Stream().get(), static_cast<int>(exec_args_.size()), exec_args_.data());
  CHECK_EQ(status, dnnl_success);
}

bool IsReference(const char* implementation) {
  const absl::string_view name = implementation;
  return name.substr(0, 3) == "ref" || name.find("_ref") != absl::string_view::npos;  // "ref:any", "lrn_ref:any"
}

}  // namespace espalier::onednn
