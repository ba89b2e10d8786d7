// Models come from files that anyone may write: the smallest model of each layer, with numbers and names changed at
// random, must build or be refused with a message, and never stop the program.
#include <filesystem>

#include "core/random.h"
#include "gtest/gtest.h"
#include "layers/model_builder.h"
#include "proto/job_loader.h"

namespace espalier {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr int kSeeds = 400;

int32_t OddInteger(Random* random) {
  constexpr int32_t kIntegers[] = {-1, 0, 1, 2, 3, 4, 5, 7, 64, 1000, 65536, 2147483647};
  return kIntegers[random->Below(std::size(kIntegers))];
}

std::string OddName(Random* random) {
  const char* const kNames[] = {"", "a", "b", "image", "x", "conv1", "relu1", "a/b", "label", "block"};
  return kNames[random->Below(std::size(kNames))];
}

void Mutate(Message* message, Random* random);

void MutateField(Message* message, const FieldDescriptor* field, Random* random) {
  const auto* reflection = message->GetReflection();
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    if (!field->is_repeated()) {
      if (reflection->HasField(*message, field)) Mutate(reflection->MutableMessage(message, field), random);
      return;
    }
    const int size = reflection->FieldSize(*message, field);
    for (int i = 0; i < size; ++i) Mutate(reflection->MutableRepeatedMessage(message, field, i), random);
    // Now and then an element again, or one fewer.
    if (size > 0 && random->Below(30) == 0) {
      reflection->AddMessage(message, field)->CopyFrom(reflection->GetRepeatedMessage(*message, field, 0));
    }
    if (size > 0 && random->Below(30) == 0) reflection->RemoveLast(message, field);
    return;
  }
  if (random->Below(8) != 0) return;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      if (field->is_repeated()) {
        reflection->AddInt32(message, field, OddInteger(random));
      } else {
        reflection->SetInt32(message, field, OddInteger(random));
      }
      break;
    case FieldDescriptor::CPPTYPE_STRING:
      if (field->is_repeated()) {
        reflection->AddString(message, field, OddName(random));
      } else if (field->name() != "file") {
        reflection->SetString(message, field, OddName(random));
      }
      break;
    case FieldDescriptor::CPPTYPE_FLOAT:
      reflection->SetFloat(message, field, random->Uniform(-1, 2));
      break;
    case FieldDescriptor::CPPTYPE_BOOL:
      reflection->SetBool(message, field, random->Below(2) == 0);
      break;
    default:
      break;
  }
}

void Mutate(Message* message, Random* random) {
  const auto* descriptor = message->GetDescriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor* field = descriptor->field(i);
    // A member of a oneof that is not the chosen one would replace it.
    const bool chosen = field->containing_oneof() == nullptr || message->GetReflection()->HasField(*message, field);
    if (chosen) MutateField(message, field, random);
  }
}

TEST(ModelBuilderFuzzTest, BuildsOrRefuses) {
  int built = 0, refused = 0;
  for (const auto& entry : std::filesystem::directory_iterator("configs/layers")) {
    if (entry.path().extension() != ".pbtxt") continue;
    const Model original = LoadModel(entry.path().string()).value().model;
    for (int seed = 0; seed < kSeeds; ++seed) {
      Random random(seed, "fuzz", 0, PurposeId(entry.path().filename().string()));
      Model model = original;
      Mutate(&model, &random);
      BuildOptions options;
      options.batch_size = 2;
      options.training = seed % 2 == 0;
      Graph graph;
      const absl::StatusOr<BuiltModel> result = BuildModel(model, options, &graph);
      ++(result.ok() ? built : refused);
      if (result.ok()) {
        for (const Node& node : graph.nodes()) {
          EXPECT_GE(node.op->CostOf(graph.InputTypes(node), graph.OutputTypes(node)).bytes, 0) << model.DebugString();
        }
      } else {
        EXPECT_NE(result.status().message(), "") << model.DebugString();
      }
    }
  }
  EXPECT_GT(built, 100);
  EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace espalier
