#include "layers/layer.h"

#include "absl/strings/str_cat.h"

namespace espalier {

absl::Status CheckSize(const Shape& shape) {
  constexpr int64_t kLimit = int64_t{1} << 40;
  int64_t elements = 1;
  for (int64_t dim : shape.dims()) {
    if (dim < 1) return absl::InvalidArgumentError(absl::StrCat("a tensor of shape ", shape.ToString(), " is empty"));
    if (dim > kLimit / elements) {
      return absl::InvalidArgumentError(
          absl::StrCat("a tensor of shape ", shape.ToString(), " is too large (limit: 2^40 elements)"));
    }
    elements *= dim;
  }
  return absl::OkStatus();
}

void LayerContext::Complain(absl::string_view field, std::string problem) {
  complaints_.emplace_back(field, std::move(problem));
}

void LayerContext::ExpectInputs(int count) {
  if (input_count() != count) {
    Complain("", absl::StrCat("expected ", count, count == 1 ? " input" : " inputs", ", found ", input_count()));
  }
}

void LayerContext::ExpectRank(int rank) {
  for (int i = 0; i < input_count(); ++i) {
    if (input_shape(i).rank() == rank) continue;
    Complain("", absl::StrCat("expected an input of ", rank, " dimensions, batch included, found ",
                              input_shape(i).ToString()));
  }
}

absl::Status LayerContext::Check() const {
  return complaints_.empty() ? absl::OkStatus() : absl::InvalidArgumentError(complaints_.front().second);
}

absl::StatusOr<ValueId> LayerContext::AddParameter(absl::string_view name, Shape shape, ParameterRole role,
                                                   InitialValue initial) {
  RETURN_IF_ERROR(CheckSize(shape));
  Parameter parameter;
  parameter.name = absl::StrCat(settings_.name, "/", name);
  parameter.shape = shape;
  parameter.role = role;
  parameter.initial = initial;
  parameter.learning_rate_multiplier = settings_.learning_rate_multiplier;
  parameter.weight_decay_multiplier = settings_.weight_decay_multiplier;
  return graph_->AddParameter(std::move(parameter));
}

absl::StatusOr<ValueId> LayerContext::AddState(absl::string_view name, Shape shape, float initial) {
  RETURN_IF_ERROR(CheckSize(shape));
  return graph_->AddState(absl::StrCat(settings_.name, "/", name), shape, initial);
}

ValueId LayerContext::SampleIds() {
  const ValueId known = graph_->input(kSampleIds);
  if (known != kNoValue) return known;
  return graph_->AddInput(std::string(kSampleIds), {DType::kS32, {graph_->type(graph_->inputs().front()).shape[0]}});
}

absl::StatusOr<std::vector<ValueId>> LayerContext::Emit(OperatorPtr op, std::vector<ValueId> inputs) {
  // The graph's own prefix is left out of errors: the builder names the layer and where it is written.
  std::vector<TensorType> types;
  for (ValueId id : inputs) types.push_back(graph_->type(id));
  ASSIGN_OR_RETURN(const std::vector<TensorType> outputs, op->InferTypes(types));
  for (const TensorType& type : outputs) RETURN_IF_ERROR(CheckSize(type.shape));
  graph_->SetLayer(settings_.name);
  return graph_->Add(std::move(op), std::move(inputs));
}

absl::StatusOr<ValueId> LayerContext::Emit1(OperatorPtr op, std::vector<ValueId> inputs) {
  ASSIGN_OR_RETURN(const std::vector<ValueId> outputs, Emit(std::move(op), std::move(inputs)));
  return outputs[0];
}

}  // namespace espalier
