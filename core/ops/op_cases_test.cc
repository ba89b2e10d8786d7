// Runs every operator case through the checks, and sees that every operator has a case.
#include "core/ops/op_cases.h"

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "core/ops/op_case_checks.h"
#include "gtest/gtest.h"

namespace espalier {
namespace {

std::vector<OpCase> SmallCases() {
  std::vector<OpCase> cases;
  for (OpCase& op_case : AllOpCases()) {
    if (!op_case.large) cases.push_back(std::move(op_case));
  }
  return cases;
}

std::string TestName(const testing::TestParamInfo<OpCase>& info) {
  std::string name = info.param.name;
  for (char& c : name) c = c == '/' ? '_' : c;
  return name;
}

class OpCasesTest : public testing::TestWithParam<OpCase> {};

TEST_P(OpCasesTest, Gradient) {
  if (!GetParam().differentiable() || !GetParam().has_derivatives) return;
  const absl::Status status = CheckGradient(GetParam());
  EXPECT_TRUE(status.ok()) << status.message();
}

TEST_P(OpCasesTest, Cost) {
  const absl::Status status = CheckCost(GetParam());
  EXPECT_TRUE(status.ok()) << status.message();
}

TEST_P(OpCasesTest, ShapeRule) {
  const absl::Status status = CheckShapeRule(GetParam());
  EXPECT_TRUE(status.ok()) << status.message();
}

TEST_P(OpCasesTest, FusedRelu) {
  const absl::Status status = CheckFusedRelu(GetParam());
  EXPECT_TRUE(status.ok()) << status.message();
}

INSTANTIATE_TEST_SUITE_P(All, OpCasesTest, testing::ValuesIn(SmallCases()), TestName);

TEST(OpCasesRegistryTest, NamesAreUniqueAndShapesHold) {
  std::set<std::string> names;
  for (const OpCase& op_case : AllOpCases()) {
    EXPECT_TRUE(names.insert(op_case.name).second) << op_case.name << " stands twice";
    for (DType dtype : {DType::kF32, DType::kBF16, DType::kF16}) {
      const OpCase typed = WithDType(op_case, dtype);
      const auto types = typed.op->InferTypes(typed.input_types());
      EXPECT_TRUE(types.ok()) << op_case.name << " in " << Name(dtype) << ": " << types.status();
    }
  }
}

// The operator classes that the headers of this directory declare: "class NameOp : public Operator".
std::set<std::string> DeclaredOperators() {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator("core/ops")) {
    if (entry.path().extension() != ".h") continue;
    std::ifstream header(entry.path());
    std::string word, name, line;
    while (std::getline(header, line)) {
      std::istringstream words(line);
      if (words >> word >> name && word == "class" && line.find(" : public Operator {") != std::string::npos) {
        names.insert(name);
      }
    }
  }
  return names;
}

TEST(OpCasesRegistryTest, EveryOperatorHasACase) {
  std::set<std::string> covered;
  for (const OpCase& op_case : SmallCases()) {
    const Graph graph = op_case.differentiable() ? BackwardGraph(op_case) : ForwardGraph(op_case);
    for (const Node& node : graph.nodes()) covered.insert(ClassName(*node.op));
  }
  const std::set<std::string> declared = DeclaredOperators();
  EXPECT_GE(declared.size(), 37u);
  for (const std::string& name : declared) {
    EXPECT_TRUE(covered.count(name)) << name << " has no case: add one to the registry in op_cases.h";
  }
}

}  // namespace
}  // namespace espalier
