#include "data/builtin_shapes.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/random.h"
#include "data/generated_source.h"

namespace espalier {
namespace {

constexpr int kSide = 32;
constexpr int kPlane = kSide * kSide;

enum ShapeKind { kDisc, kRing, kSquare, kTriangle, kCross };

struct Color {
  float channel[3];
};

Color DrawColor(float least, float greatest, Random* random) {
  return {{random->Uniform(least, greatest), random->Uniform(least, greatest), random->Uniform(least, greatest)}};
}

float Luma(const Color& color) {
  return 0.299f * color.channel[0] + 0.587f * color.channel[1] + 0.114f * color.channel[2];
}

// A colour whose luma lies in [least, greatest].
Color DrawColorOfLuma(float least, float greatest, Random* random) {
  Color color = DrawColor(0, 1, random);
  // Found within a few attempts; the bound keeps even the worst luck short.
  for (int attempt = 0; attempt < 100 && (Luma(color) < least || Luma(color) > greatest); ++attempt) {
    color = DrawColor(0, 1, random);
  }
  return color;
}

// Signed distance to the edge of a shape of size 1 (negative inside), approximate outside corners.
float Distance(ShapeKind kind, float x, float y) {
  const float ax = std::fabs(x), ay = std::fabs(y);
  switch (kind) {
    case kDisc:
      return std::sqrt(x * x + y * y) - 1;
    case kRing:
      return std::fabs(std::sqrt(x * x + y * y) - 0.75f) - 0.25f;
    case kSquare:
      return std::max(ax, ay) - 0.85f;
    case kTriangle:
      return std::max(0.866025f * ax + 0.5f * y, -y) - 0.55f;
    case kCross:
      return std::min(std::max(ax - 1, ay - 0.33f), std::max(ax - 0.33f, ay - 1));
  }
  return 0;
}

// A plane wave: sin of it lies in [-1, 1].
struct Wave {
  float kx, ky, phase;
  float At(float x, float y) const { return std::sin(kx * x + ky * y + phase); }
};

Wave DrawWave(float least_period, float greatest_period, Random* random) {
  const float angle = random->Uniform(0, 6.2832f), k = 6.2832f / random->Uniform(least_period, greatest_period);
  return {k * std::cos(angle), k * std::sin(angle), random->Uniform(0, 6.2832f)};
}

struct Scene {
  ShapeKind kind;
  bool striped;
  float x, y, size;             // of the shape, in pixels
  float cosine, sine;           // of its turn
  Color ground, front, second;  // second: of the stripes
  Wave stripes;
  Wave ground_waves[2];  // broad
  float ground_contrast;
  float light[2];  // change of brightness per pixel
};

Scene DrawScene(int32_t label, Random* random) {
  Scene scene;
  scene.kind = static_cast<ShapeKind>(label / 2);
  scene.striped = label % 2 == 1;
  scene.size = random->Uniform(10, 13);
  const float margin = scene.size + 1;
  scene.x = random->Uniform(margin, kSide - margin);
  scene.y = random->Uniform(margin, kSide - margin);
  const float angle = random->Uniform(0, 6.2832f);
  scene.cosine = std::cos(angle);
  scene.sine = std::sin(angle);
  scene.ground = DrawColor(0, 0.25f, random);
  scene.front = DrawColorOfLuma(0.55f, 1, random);
  scene.second = DrawColorOfLuma(Luma(scene.ground) + 0.1f, Luma(scene.front) - 0.3f, random);
  scene.stripes = DrawWave(4, 6, random);
  for (Wave& wave : scene.ground_waves) wave = DrawWave(8, 30, random);
  scene.ground_contrast = random->Uniform(0, 0.06f);
  for (float& light : scene.light) light = random->Uniform(-0.006f, 0.006f);
  return scene;
}

}  // namespace

int32_t DrawShape(uint64_t seed, int64_t index, uint8_t* planes) {
  Random random(seed, "builtin_shapes", 0, index);
  const auto label = static_cast<int32_t>(index % 10);
  const Scene scene = DrawScene(label, &random);
  const float noise = random.Uniform(0.005f, 0.03f) / 104.5f;
  for (int i = 0; i < kPlane; ++i) {
    const float x = static_cast<float>(i % kSide) + 0.5f, y = static_cast<float>(i / kSide) + 0.5f;
    const float dx = (x - scene.x) / scene.size, dy = (y - scene.y) / scene.size;
    const float u = scene.cosine * dx + scene.sine * dy, v = scene.cosine * dy - scene.sine * dx;
    const float cover = std::clamp(0.5f - Distance(scene.kind, u, v) * scene.size, 0.0f, 1.0f);
    const float stripe =
        scene.striped && cover > 0 ? std::clamp(0.5f + 1.2f * scene.stripes.At(x, y), 0.0f, 1.0f) : 0.0f;
    const float ground = scene.ground_contrast * (scene.ground_waves[0].At(x, y) + scene.ground_waves[1].At(x, y));
    const float light = scene.light[0] * (x - 16) + scene.light[1] * (y - 16);
    const uint32_t bits = random.NextBits();
    for (int c = 0; c < 3; ++c) {
      const float shape = scene.front.channel[c] + stripe * (scene.second.channel[c] - scene.front.channel[c]);
      const float behind = scene.ground.channel[c] + ground;
      // Near-normal noise: two of the four random bytes, a different pair per channel.
      const auto grain =
          static_cast<float>(static_cast<int>((bits >> 8 * c & 255) + (bits >> 8 * (c + 1) & 255)) - 255);
      const float value = behind + cover * (shape - behind) + light + noise * grain;
      planes[c * kPlane + i] = static_cast<uint8_t>(std::clamp(255 * value + 0.5f, 0.0f, 255.0f));
    }
  }
  return label;
}

std::unique_ptr<ImageSource> MakeBuiltinShapes(int64_t samples, uint64_t seed) {
  return std::make_unique<GeneratedSource>(
      GeneratedType{3, kSide, kSide, 10}, samples,
      [seed](int64_t index, uint8_t* planes) { return DrawShape(seed, index, planes); });
}

}  // namespace espalier
