#include "optim/optimizer.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>
#include <omp.h>

#include <limits>

#include "core/random.h"
#include "glog/logging.h"
#include "optim/reference.h"
#include "proto/optimizer.pb.h"

namespace espalier {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Arena = std::vector<float>;

constexpr const char* kRules[] = {
    "sgd { momentum: 0 weight_decay: 0.1 }",
    "sgd { weight_decay: 0.1 }",
    "sgd { nesterov: true weight_decay: 0.1 }",
    "adam { weight_decay: 0.1 }",
    "adamw { beta1: 0.8 beta2: 0.99 epsilon: 1e-3 weight_decay: 0.1 }",
    "rmsprop { weight_decay: 0.1 }",
    "rmsprop { decay: 0.9 epsilon: 1e-3 momentum: 0.9 weight_decay: 0.1 }",
    "adagrad { initial_accumulator: 0.1 weight_decay: 0.1 }",
};

absl::StatusOr<std::unique_ptr<ParameterOptimizer>> Create(const std::string& text, const ParameterLayout& layout) {
  Optimizer config;
  CHECK(google::protobuf::TextFormat::ParseFromString(text, &config)) << text;
  return ParameterOptimizer::Create(config, layout);
}

Parameter Named(const std::string& name, int64_t elements, ParameterRole role = ParameterRole::kWeight) {
  Parameter parameter;
  parameter.name = name;
  parameter.shape = {elements};
  parameter.role = role;
  return parameter;
}

ParameterLayout OneParameter(int64_t elements) {
  ParameterLayout layout;
  layout.Add(Named("w", elements));
  return layout;
}

Arena RandomArena(const ParameterLayout& layout, uint64_t seed) {
  Arena arena(layout.arena_elements());
  for (const Parameter& parameter : layout.parameters()) {
    Random random(seed, parameter.name, 0, 0);
    for (int64_t i = 0; i < parameter.elements(); ++i) arena[parameter.offset + i] = random.Normal();
  }
  return arena;
}

// Three steps at rate 0.1 beside those of torch.optim 1.13 in f64: SGD, SGD(momentum=0.9), SGD(momentum=0.9,
// nesterov=True), Adam, AdamW(betas=(0.8, 0.99), eps=1e-3), RMSprop, RMSprop(alpha=0.9, eps=1e-3, momentum=0.9) and
// Adagrad(initial_accumulator_value=0.1), each with weight_decay=0.1; all these numbers rounded to f32 first.
TEST(ParameterOptimizer, AgreesWithTorch) {
  const float gradients[3][4] = {{0.5, -0.25, 0.125, 0}, {-1, 0.5, 0.25, 0.75}, {0.0625, 2, -0.5, -0.125}};
  const float expected[][4] = {
      {1.014044, -0.710147003, 0.2555735, 1.878848},          {0.993524001, -0.699887004, 0.205443501, 1.759508},
      {1.00957365, -0.890724324, 0.216667163, 1.66499538},    {0.935596655, -0.49263152, 0.0670606632, 1.74261375},
      {0.940563219, -0.505260803, 0.0756637806, 1.81891677},  {0.731635975, -1.33206354, -0.567448356, 0.165827157},
      {0.619557245, -0.471240531, -0.818685359, 0.575233507}, {0.977565117, -0.598663207, 0.219864276, 1.84764526},
  };
  const ParameterLayout layout = OneParameter(4);
  for (size_t rule = 0; rule < std::size(kRules); ++rule) {
    auto optimizer = *Create(kRules[rule], layout);
    Arena weights(layout.arena_elements()), gradient(layout.arena_elements());
    for (int i = 0; i < 4; ++i) weights[i] = (const float[]){1, -0.5, 0.25, 2}[i];
    for (int step = 0; step < 3; ++step) {
      std::copy_n(gradients[step], 4, gradient.begin());
      optimizer->Step(weights.data(), gradient.data(), {0.1f, 1, step + 1});
    }
    for (int i = 0; i < 4; ++i) EXPECT_NEAR(weights[i], expected[rule][i], 5e-7) << kRules[rule] << ", weight " << i;
  }
}

// One weight of 1, two steps at rate 0.1 with gradients 0.5 and 0.25.
Arena TwoSteps(const std::string& rule) {
  const ParameterLayout layout = OneParameter(1);
  auto optimizer = *Create(rule, layout);
  Arena weights(layout.arena_elements()), gradients(layout.arena_elements()), trace;
  weights[0] = 1;
  for (int step = 1; step <= 2; ++step) {
    gradients[0] = step == 1 ? 0.5f : 0.25f;
    optimizer->Step(weights.data(), gradients.data(), {0.1, 1, step});
    trace.push_back(weights[0]);
  }
  return trace;
}

TEST(ParameterOptimizer, MatchesHandComputation) {
  const auto near = [](double a, double b) {
    return ElementsAre(testing::FloatNear(a, 2e-7), testing::FloatNear(b, 2e-7));
  };
  EXPECT_THAT(TwoSteps("sgd { momentum: 0 }"), near(0.95, 0.925));
  // v: 0.5, then 0.5 * 0.5 + 0.25.
  EXPECT_THAT(TwoSteps("sgd { momentum: 0.5 }"), near(0.95, 0.9));
  // g + 0.5 v: 0.75, then 0.25 + 0.25.
  EXPECT_THAT(TwoSteps("sgd { momentum: 0.5 nesterov: true }"), near(0.925, 0.875));
  // Bias correction makes the first step one of the whole rate, whatever the gradient. Then m = 0.25 and s = 0.09375,
  // both divided by 0.75.
  EXPECT_THAT(TwoSteps("adam { beta1: 0.5 beta2: 0.5 epsilon: 1e-20 }"), near(0.9, 0.9 - 0.1 / 3 / std::sqrt(0.125)));
  // The same directions; decay takes 0.1 * 0.5 of the weight before each.
  EXPECT_THAT(TwoSteps("adamw { beta1: 0.5 beta2: 0.5 epsilon: 1e-20 weight_decay: 0.5 }"),
              near(0.85, 0.85 * 0.95 - 0.1 / 3 / std::sqrt(0.125)));
  // s: 0.125, then 0.0625 + 0.03125.
  EXPECT_THAT(TwoSteps("rmsprop { decay: 0.5 epsilon: 1e-20 }"),
              near(1 - 0.05 / std::sqrt(0.125), 1 - 0.05 / std::sqrt(0.125) - 0.025 / std::sqrt(0.09375)));
  // s: 0.25, then 0.3125.
  EXPECT_THAT(TwoSteps("adagrad {}"), near(0.9, 0.9 - 0.025 / std::sqrt(0.3125)));
  // The accumulator starts at 2: s = 2.25, then 2.3125.
  EXPECT_THAT(TwoSteps("adagrad { initial_accumulator: 2 }"),
              near(1 - 0.05 / 1.5, 1 - 0.05 / 1.5 - 0.025 / std::sqrt(2.3125)));
}

TEST(ParameterOptimizer, NamesItsSlots) {
  const std::vector<std::vector<std::string>> expected = {
      {},         {"momentum"},           {"momentum"}, {"mean", "square"}, {"mean", "square"},
      {"square"}, {"square", "momentum"}, {"square"}};
  const ParameterLayout layout = OneParameter(20);
  for (size_t rule = 0; rule < std::size(kRules); ++rule) {
    auto optimizer = *Create(kRules[rule], layout);
    std::vector<std::string> names;
    for (int i = 0; i < optimizer->slot_count(); ++i) names.push_back(optimizer->slot_name(i));
    EXPECT_EQ(names, expected[rule]) << kRules[rule];
  }
}

// Weights of ragged sizes in several segments and blocks, the middle one frozen.
ParameterLayout MixedLayout() {
  ParameterLayout layout;
  layout.Add(Named("conv/weight", 9000));
  layout.Add(Named("conv/bias", 17, ParameterRole::kBias));
  layout.Add(Named("norm/scale", 33, ParameterRole::kNorm));
  Parameter frozen = Named("frozen", 5001);
  frozen.learning_rate_multiplier = 0;
  layout.Add(frozen);
  Parameter slow = Named("slow", 7003);
  slow.learning_rate_multiplier = 0.5f;
  slow.weight_decay_multiplier = 2;
  layout.Add(slow);
  layout.Add(Named("dense/weight", 1));
  return layout;
}

// Parameter by parameter, with the plain twin and with multipliers applied by hand.
TEST(ParameterOptimizer, EqualsThePlainTwinPerParameter) {
  const ParameterLayout layout = MixedLayout();
  for (const char* rule : kRules) {
    for (bool decay_all : {false, true}) {
      const std::string text = std::string(rule) + (decay_all ? " decay_all: true" : "");
      SCOPED_TRACE(text);
      Optimizer config;
      ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &config));
      const UpdateRule update = *UpdateRule::Create(config);
      auto optimizer = *ParameterOptimizer::Create(config, layout);
      Arena weights = RandomArena(layout, 1), expected = weights;
      std::vector<Arena> slots;
      for (const UpdateRule::Slot& slot : update.slots) slots.emplace_back(layout.arena_elements(), slot.initial);
      for (int step = 1; step <= 3; ++step) {
        const Arena gradients = RandomArena(layout, 10 + step);
        const StepInputs inputs = {0.01, 0.5f, step};
        optimizer->Step(weights.data(), gradients.data(), inputs);
        for (const Parameter& p : layout.parameters()) {
          if (p.name == "frozen") continue;
          const bool decays = decay_all || p.role == ParameterRole::kWeight;
          UpdateRange range = {expected.data() + p.offset, gradients.data() + p.offset, {}, p.elements()};
          for (size_t i = 0; i < slots.size(); ++i) range.slots[i] = slots[i].data() + p.offset;
          const float decay = decays ? p.weight_decay_multiplier : 0;
          ReferenceUpdate(update.kind, update.ConstantsAt(inputs, p.learning_rate_multiplier, decay), range);
        }
      }
      EXPECT_EQ(weights, expected);
      for (size_t i = 0; i < slots.size(); ++i) {
        EXPECT_EQ(Arena(optimizer->slot(i), optimizer->slot(i) + layout.arena_elements()), slots[i]);
      }
    }
  }
}

TEST(ParameterOptimizer, DecaysNeitherBiasesNorNormsUnlessAsked) {
  ParameterLayout layout;
  layout.Add(Named("weight", 1));
  layout.Add(Named("bias", 1, ParameterRole::kBias));
  layout.Add(Named("norm", 1, ParameterRole::kNorm));
  const Arena gradients(layout.arena_elements());
  for (const char* rule : {"sgd { momentum: 0 weight_decay: 0.5 }", "adamw { weight_decay: 0.5 }"}) {
    for (bool decay_all : {false, true}) {
      auto optimizer = *Create(std::string(rule) + (decay_all ? " decay_all: true" : ""), layout);
      Arena weights(layout.arena_elements(), 1);
      optimizer->Step(weights.data(), gradients.data(), {1, 1, 1});
      EXPECT_EQ(weights[0], 0.5f);
      EXPECT_EQ(weights[16], decay_all ? 0.5f : 1);
      EXPECT_EQ(weights[32], decay_all ? 0.5f : 1);
    }
  }
}

TEST(ParameterOptimizer, FrozenParametersKeepEveryBit) {
  const ParameterLayout layout = MixedLayout();
  const Parameter& frozen = layout[3];
  for (const char* rule : kRules) {
    auto optimizer = *Create(rule, layout);
    Arena weights = RandomArena(layout, 1), gradients = RandomArena(layout, 2);
    const Arena before = weights;
    gradients[frozen.offset] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_TRUE(optimizer->MeasureGradients(gradients.data()).finite());
    optimizer->Step(weights.data(), gradients.data(), {0.1, 1, 1});
    const auto slice = [&](const Arena& arena) {
      return Arena(&arena[frozen.offset], &arena[frozen.offset] + frozen.elements());
    };
    EXPECT_EQ(slice(weights), slice(before)) << rule;
    EXPECT_NE(weights[frozen.offset - 64], before[frozen.offset - 64]) << rule;
  }
}

TEST(ParameterOptimizer, RangesInAnyOrderEqualOneStep) {
  const ParameterLayout layout = MixedLayout();
  const Arena gradients = RandomArena(layout, 2);
  for (const char* rule : kRules) {
    auto whole = *Create(rule, layout), parts = *Create(rule, layout);
    Arena expected = RandomArena(layout, 1), weights = expected;
    const int64_t end = layout.arena_elements();
    for (int step = 1; step <= 2; ++step) {
      const StepInputs inputs = {0.1, 1, step};
      whole->Step(expected.data(), gradients.data(), inputs);
      parts->StepRange(weights.data(), gradients.data(), inputs, 9050, end);
      parts->StepRange(weights.data(), gradients.data(), inputs, 0, 4095);
      parts->StepRange(weights.data(), gradients.data(), inputs, 4095, 4095);
      parts->StepRange(weights.data(), gradients.data(), inputs, 4095, 9050);
    }
    EXPECT_EQ(weights, expected) << rule;
  }
}

TEST(ParameterOptimizer, IsTheSameForEveryNumberOfThreads) {
  const ParameterLayout layout = MixedLayout();
  const Arena gradients = RandomArena(layout, 2);
  const int threads = omp_get_max_threads();
  for (const char* rule : kRules) {
    Arena first;
    double first_norm = 0;
    for (int count : {1, 2, 3}) {
      omp_set_num_threads(count);
      auto optimizer = *Create(rule, layout);
      Arena weights = RandomArena(layout, 1);
      optimizer->Step(weights.data(), gradients.data(), {0.1, 1, 1});
      const double norm = optimizer->MeasureGradients(gradients.data()).norm();
      if (count == 1) first = weights, first_norm = norm;
      EXPECT_EQ(weights, first) << rule << " on " << count << " threads";
      EXPECT_EQ(norm, first_norm) << rule << " on " << count << " threads";
    }
  }
  omp_set_num_threads(threads);
}

TEST(ParameterOptimizer, ClipsTheUnscaledNorm) {
  const ParameterLayout layout = OneParameter(2);
  auto optimizer = *Create("sgd { momentum: 0 } clip_norm: 2.5", layout);
  Arena gradients(layout.arena_elements());
  gradients[0] = 3 * 1024;
  gradients[1] = 4 * 1024;
  const GradientNorm norm = optimizer->MeasureGradients(gradients.data());
  EXPECT_EQ(norm.norm(), 5 * 1024);
  EXPECT_TRUE(optimizer->clips());
  EXPECT_EQ(optimizer->GradientScale(norm, 1024), 0.5f / 1024);  // norm 5 becomes 2.5
  EXPECT_EQ(optimizer->GradientScale(norm, 4096), 1.0f / 4096);  // norm 1.25 stays
  EXPECT_EQ(optimizer->GradientScale(norm, 2048), 1.0f / 2048);  // at the bound
  EXPECT_EQ(optimizer->GradientScale(GradientNorm{}, 1024), 1.0f / 1024);
  auto unclipped = *Create("sgd {}", layout);
  EXPECT_FALSE(unclipped->clips());
  EXPECT_EQ(unclipped->GradientScale(norm, 1024), 1.0f / 1024);

  Arena weights(layout.arena_elements());
  optimizer->Step(weights.data(), gradients.data(), {1, optimizer->GradientScale(norm, 1024), 1});
  EXPECT_EQ(weights[0], -1.5f);
  EXPECT_EQ(weights[1], -2);
}

TEST(ParameterOptimizer, FindsGradientsThatAreNotFinite) {
  const ParameterLayout layout = MixedLayout();
  auto optimizer = *Create("sgd {}", layout);
  Arena gradients = RandomArena(layout, 2);
  EXPECT_TRUE(optimizer->MeasureGradients(gradients.data()).finite());
  for (int parameter : {0, 1, 2, 4, 5}) {
    for (float bad : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
      Arena broken = gradients;
      broken[layout[parameter].offset + layout[parameter].elements() - 1] = bad;
      EXPECT_FALSE(optimizer->MeasureGradients(broken.data()).finite()) << layout[parameter].name;
    }
  }
}

TEST(ParameterOptimizer, RejectsWhatCannotBe) {
  EXPECT_THAT(Create("", ParameterLayout()).status().message(), HasSubstr("expected a rule (sgd, adam"));
  EXPECT_THAT(Create("sgd { momentum: 0 nesterov: true }", ParameterLayout()).status().message(),
              HasSubstr("optimizer.sgd.nesterov"));
  ParameterLayout layout;
  Parameter parameter = Named("conv1/weight", 3);
  parameter.learning_rate_multiplier = -1;
  layout.Add(parameter);
  EXPECT_THAT(Create("sgd {}", layout).status().message(),
              HasSubstr("parameter conv1/weight: expected 0 <= learning_rate_multiplier"));
}

// Also with an epsilon that rounds to a denormal: weights without gradients, and the padding, keep clear of 0 / 0.
TEST(ParameterOptimizer, TakesTheSmallestEpsilon) {
  const ParameterLayout layout = OneParameter(20);
  const Arena gradients(layout.arena_elements());
  for (const char* rule : {"adam { epsilon: 1e-40 }", "rmsprop { epsilon: 1e-40 }", "adagrad { epsilon: 1e-40 }"}) {
    auto optimizer = *Create(rule, layout);
    Arena weights(layout.arena_elements(), 1);
    optimizer->Step(weights.data(), gradients.data(), {0.1, 1, 1});
    EXPECT_THAT(weights, testing::Each(1)) << rule;
  }
}

TEST(ParameterOptimizer, TakesAnEmptyLayout) {
  auto optimizer = *Create("adam {}", ParameterLayout());
  optimizer->Step(nullptr, nullptr, {0.1, 1, 1});
  EXPECT_EQ(optimizer->MeasureGradients(nullptr).norm(), 0);
}

}  // namespace
}  // namespace espalier
