// Mutates good jobs and overrides: single bytes, pieces of the text, and tokens of the language in wrong places.
#include "tests/fuzz/text_reader_fuzz.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <string>

#include "core/random.h"
#include "proto/job.pb.h"
#include "proto/testing/random_message.h"

namespace espalier {
namespace {

constexpr char kJob[] = R"(# A job with one of everything.
name: "every" 'thing'
model {
  input { name: "image" dims: [3, 32, 32] }
  layer { conv { channels: 64 kernel: 3 pad: 1 bias: false } }
  layer { repeat: 2 residual { body { layer { relu {} } } shortcut { layer { batch_norm {} } } } }
  layer [ { branches { branch { } branch: < layer { name: "a"; pool { kernel: 0x2, kind: AVERAGE } } > } }, { dense {
    channels: 10 weight_init { uniform { low: -.5e-1f high: inf } } } } ]
}
data {
  train { cifar10 { split: TRAIN } augment { random_crop { size: 32 pad: 4 } random_flip {} } take: 5000000000 }
  batch_size: 128
}
optimizer { sgd { momentum: 0.9 nesterov: true weight_decay: 5e-4 } }
precision { compute: BF16 }
phase { name: "dense" epochs: 30 learning_rate { step { base: 0.1 at_epochs: [10, 20] } } }
phase { name: "redense\n\303\251" epochs: 10 learning_rate { cosine { peak: 0.01 } } }
)";

constexpr const char* kOverrides[] = {
    "phase[0].epochs=3",
    "phase[1].learning_rate.step.at_epochs=[1, 2]",
    "optimizer={sgd {momentum: 0.5}}",
    "model.layer[0].input[0]=image",
    "name=\"trial\"",
    "optimizer.adam.beta1=0.8",
};

constexpr const char* kTokens[] = {"{",    "}",    "[",     "]",    "<",    ">",     ":",      ",",    ";",
                                   "\"",   "'",    "\\",    "-",    "#",    "\n",    "=",      "1e39", "layer",
                                   "conv", "0x",   "phase", "\xc3", "nan",  "12abc", "[a.b]",  " ",    "name",
                                   "sgd",  "adam", "\x01",  "true", "1.5.", "'a'",   "kernel", "..",   "\"\\x"};

std::string Mutate(std::string text, Random* random) {
  for (int edits = 1 + random->Below(3); edits > 0; --edits) {
    const size_t at = random->Below(text.size() + 1);
    const size_t length = std::min<size_t>(random->Below(1 << random->Below(7)), text.size() - at);
    switch (random->Below(6)) {
      case 0:
        if (at < text.size()) text[at] = static_cast<char>(random->Below(256));
        break;
      case 1:
        if (at < text.size()) text[at] ^= 1 << random->Below(8);
        break;
      case 2:
        text.erase(at, length);
        break;
      case 3:
        text.insert(random->Below(text.size() + 1), text.substr(at, length));
        break;
      default:
        text.insert(at, kTokens[random->Below(std::size(kTokens))]);
        break;
    }
  }
  return text;
}

TEST(TextReaderFuzz, GoodTextsPass) {
  EXPECT_TRUE(CheckTextReader(kJob));
  for (const char* text : kOverrides) EXPECT_TRUE(CheckOverride(text)) << text;
}

// Mutations that leave everything or nothing intact would test little.
TEST(TextReaderFuzz, MutatedJobs) {
  int good = 0;
  for (int i = 0; i < 10000; ++i) {
    Random random(1, "mutated jobs", 0, i);
    good += CheckTextReader(Mutate(kJob, &random));
  }
  EXPECT_GT(good, 500);
  EXPECT_LT(good, 5000);
}

TEST(TextReaderFuzz, MutatedRandomJobs) {
  for (int i = 0; i < 500; ++i) {
    Random random(1, "mutated random jobs", 0, i);
    Job job;
    FillRandomly(&random, 4, &job);
    std::string text;
    google::protobuf::TextFormat::PrintToString(job, &text);
    CheckTextReader(Mutate(text, &random));
  }
}

TEST(TextReaderFuzz, MutatedOverrides) {
  int good = 0;
  for (int i = 0; i < 10000; ++i) {
    Random random(1, "mutated overrides", 0, i);
    good += CheckOverride(Mutate(kOverrides[random.Below(std::size(kOverrides))], &random));
  }
  EXPECT_GT(good, 500);
  EXPECT_LT(good, 5000);
}

TEST(TextReaderFuzz, RandomTokens) {
  for (int i = 0; i < 10000; ++i) {
    Random random(1, "random tokens", 0, i);
    std::string text;
    for (int count = random.Below(30); count > 0; --count) text += kTokens[random.Below(std::size(kTokens))];
    CheckTextReader(text);
  }
}

}  // namespace
}  // namespace espalier
