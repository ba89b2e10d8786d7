#include "data/builtin_digits.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/random.h"
#include "data/generated_source.h"

namespace espalier {
namespace {

constexpr int kSide = 28;
constexpr int kMostPoints = 10;   // of a stroke
constexpr int kMostStrokes = 3;   // of a digit
constexpr int kMostVariants = 3;  // ways to write a digit
constexpr int kSteps = 5;         // straight pieces between two control points

struct Point {
  float x;
  float y;
};

// A curve through its points (Catmull-Rom), in the glyph's box: x from 0 to 1, y from 0 (top) to 1.
struct Stroke {
  int count = 0;
  Point points[kMostPoints] = {};
};
struct Glyph {
  Stroke strokes[kMostStrokes] = {};
};
struct Digit {
  int variants;
  Glyph glyphs[kMostVariants];
};

constexpr Digit kDigits[10] = {
    // 0: a loop from the top.
    {1,
     {{{{9,
         {{.5f, 0},
          {.2f, .12f},
          {.05f, .5f},
          {.2f, .88f},
          {.5f, 1},
          {.8f, .88f},
          {.95f, .5f},
          {.8f, .12f},
          {.48f, 0}}}}}}},
    // 1: a bar; with a flag; with a flag and a foot.
    {3,
     {{{{3, {{.5f, 0}, {.5f, .5f}, {.5f, 1}}}}},
      {{{2, {{.28f, .24f}, {.54f, 0}}}, {3, {{.54f, 0}, {.52f, .5f}, {.5f, 1}}}}},
      {{{2, {{.28f, .22f}, {.52f, 0}}}, {3, {{.52f, 0}, {.5f, .5f}, {.5f, 1}}}, {2, {{.22f, 1}, {.8f, 1}}}}}}},
    // 2: a bow and a bar; with a loop at the corner.
    {2,
     {{{{6, {{.08f, .22f}, {.3f, .02f}, {.68f, .03f}, {.84f, .28f}, {.55f, .62f}, {.05f, 1}}},
        {2, {{.05f, 1}, {.95f, .98f}}}}},
      {{{9,
         {{.1f, .2f},
          {.4f, 0},
          {.8f, .15f},
          {.72f, .5f},
          {.35f, .9f},
          {.1f, .95f},
          {.14f, .8f},
          {.45f, .9f},
          {.98f, .98f}}}}}}},
    // 3: two bows; with a flat top.
    {2,
     {{{{5, {{.12f, .14f}, {.45f, 0}, {.82f, .2f}, {.68f, .42f}, {.36f, .48f}}},
        {5, {{.36f, .48f}, {.78f, .55f}, {.9f, .78f}, {.5f, 1}, {.06f, .88f}}}}},
      {{{3, {{.1f, .02f}, {.5f, .02f}, {.85f, .02f}}},
        {2, {{.85f, .02f}, {.42f, .42f}}},
        {5, {{.42f, .42f}, {.8f, .5f}, {.88f, .78f}, {.5f, 1}, {.08f, .9f}}}}}}},
    // 4: open; closed at the top.
    {2,
     {{{{2, {{.22f, .02f}, {.1f, .56f}}},
        {2, {{.1f, .56f}, {.94f, .54f}}},
        {3, {{.72f, .1f}, {.7f, .55f}, {.66f, 1}}}}},
      {{{2, {{.68f, 0}, {.06f, .64f}}}, {2, {{.06f, .64f}, {.98f, .64f}}}, {3, {{.68f, 0}, {.68f, .5f}, {.68f, 1}}}}}}},
    // 5: a bar, a stem and a bow.
    {1,
     {{{{2, {{.22f, .02f}, {.88f, .02f}}},
        {2, {{.22f, .02f}, {.16f, .44f}}},
        {6, {{.16f, .44f}, {.5f, .36f}, {.88f, .54f}, {.84f, .84f}, {.5f, 1}, {.06f, .9f}}}}}}},
    // 6: a stem that curls into a loop.
    {1,
     {{{{10,
         {{.75f, .02f},
          {.4f, .2f},
          {.14f, .55f},
          {.18f, .88f},
          {.5f, 1},
          {.84f, .86f},
          {.84f, .62f},
          {.55f, .5f},
          {.26f, .62f},
          {.17f, .78f}}}}}}},
    // 7: a bar and a stem; with a cross bar; with a serif.
    {3,
     {{{{2, {{.06f, .04f}, {.9f, .04f}}}, {3, {{.9f, .04f}, {.6f, .5f}, {.38f, 1}}}}},
      {{{2, {{.06f, .04f}, {.9f, .04f}}}, {3, {{.9f, .04f}, {.6f, .5f}, {.4f, 1}}}, {2, {{.3f, .5f}, {.84f, .48f}}}}},
      {{{2, {{.1f, .2f}, {.1f, .04f}}}, {2, {{.1f, .04f}, {.9f, .04f}}}, {3, {{.9f, .04f}, {.66f, .5f}, {.5f, 1}}}}}}},
    // 8: one crossing line; two loops.
    {2,
     {{{{9,
         {{.78f, .12f},
          {.4f, 0},
          {.18f, .22f},
          {.5f, .48f},
          {.84f, .76f},
          {.5f, 1},
          {.14f, .78f},
          {.46f, .48f},
          {.8f, .14f}}}}},
      {{{7, {{.5f, 0}, {.2f, .1f}, {.24f, .38f}, {.5f, .47f}, {.78f, .36f}, {.78f, .1f}, {.48f, 0}}},
        {7, {{.5f, .47f}, {.12f, .6f}, {.14f, .88f}, {.5f, 1}, {.88f, .88f}, {.86f, .6f}, {.48f, .47f}}}}}}},
    // 9: a loop and a straight stem; a curved one.
    {2,
     {{{{7, {{.84f, .2f}, {.5f, 0}, {.16f, .16f}, {.16f, .4f}, {.46f, .52f}, {.78f, .4f}, {.84f, .18f}}},
        {3, {{.84f, .18f}, {.8f, .6f}, {.74f, 1}}}}},
      {{{7, {{.84f, .2f}, {.5f, 0}, {.16f, .16f}, {.16f, .4f}, {.46f, .52f}, {.78f, .4f}, {.84f, .18f}}},
        {4, {{.84f, .18f}, {.86f, .6f}, {.64f, .94f}, {.2f, .98f}}}}}}},
};

// x' = xx x + xy y + x0, alike for y: from the glyph's box to pixels.
struct Affine {
  float xx, xy, x0;
  float yx, yy, y0;
  Point operator()(Point p) const { return {xx * p.x + xy * p.y + x0, yx * p.x + yy * p.y + y0}; }
};

Affine DrawAffine(Random* random) {
  const float angle = 0.16f * random->Normal(), slant = 0.18f * random->Normal();
  const float height = random->Uniform(15, 21), width = height * random->Uniform(0.45f, 0.85f);
  const float cosine = std::cos(angle), sine = std::sin(angle);
  // Rotation x shear x scale, about the box's centre, which goes near the picture's.
  Affine affine;
  affine.xx = cosine * width;
  affine.xy = (-sine - cosine * slant) * height;
  affine.yx = sine * width;
  affine.yy = (cosine - sine * slant) * height;
  affine.x0 = 0.5f * (kSide - affine.xx - affine.xy) + random->Uniform(-2, 2);
  affine.y0 = 0.5f * (kSide - affine.yx - affine.yy) + random->Uniform(-2, 2);
  return affine;
}

// A smooth displacement: two random waves per axis, about as long as the digit is wide.
class ElasticField {
 public:
  explicit ElasticField(Random* random) {
    for (Wave& wave : waves_) {
      wave = {random->Uniform(-0.35f, 0.35f), random->Uniform(-0.35f, 0.35f), random->Uniform(0, 6.2832f),
              random->Uniform(-1, 1)};
    }
  }
  Point operator()(Point p) const {
    return {p.x + waves_[0].At(p) + waves_[1].At(p), p.y + waves_[2].At(p) + waves_[3].At(p)};
  }

 private:
  struct Wave {
    float kx, ky, phase, pixels;
    float At(Point p) const { return pixels * std::sin(kx * p.x + ky * p.y + phase); }
  };
  std::array<Wave, 4> waves_;
};

// Signed distance to the ink's edge, per pixel: negative inside.
class Canvas {
 public:
  Canvas() { distance_.fill(100); }

  // A straight piece of pen with this radius.
  void Line(Point a, Point b, float radius) {
    const float reach = radius + 1.5f;
    const int left = Limit(std::min(a.x, b.x) - reach), right = Limit(std::max(a.x, b.x) + reach);
    const int top = Limit(std::min(a.y, b.y) - reach), bottom = Limit(std::max(a.y, b.y) + reach);
    const float dx = b.x - a.x, dy = b.y - a.y, scale = 1 / std::max(dx * dx + dy * dy, 1e-6f);
    for (int y = top; y < bottom; ++y) {
      const float py = static_cast<float>(y) + 0.5f - a.y;
      float* row = distance_.data() + y * kSide;
      for (int x = left; x < right; ++x) {
        const float px = static_cast<float>(x) + 0.5f - a.x;
        const float along = std::min(std::max((px * dx + py * dy) * scale, 0.0f), 1.0f);
        const float ex = px - along * dx, ey = py - along * dy;
        row[x] = std::min(row[x], std::sqrt(ex * ex + ey * ey) - radius);
      }
    }
  }

  const std::array<float, kSide * kSide>& distance() const { return distance_; }

 private:
  static int Limit(float position) { return std::clamp(static_cast<int>(position + 0.5f), 0, kSide); }

  std::array<float, kSide * kSide> distance_;
};

// Catmull-Rom between p1 and p2, t in [0, 1].
float Spline(float p0, float p1, float p2, float p3, float t) {
  return p1 + 0.5f * t * (p2 - p0 + t * (2 * p0 - 5 * p1 + 4 * p2 - p3 + t * (3 * (p1 - p2) + p3 - p0)));
}

struct Pen {
  float radius;
  float pressure;  // relative change of the radius along a stroke
};

void DrawStroke(const Stroke& stroke, const Affine& affine, const ElasticField& field, const Pen& pen, Random* random,
                Canvas* canvas) {
  Point points[kMostPoints];
  for (int i = 0; i < stroke.count; ++i) {
    const Point p = stroke.points[i];
    points[i] = affine({p.x + 0.035f * random->Normal(), p.y + 0.025f * random->Normal()});
  }
  Point before = field(points[0]);
  for (int i = 0; i + 1 < stroke.count; ++i) {
    const Point p0 = points[std::max(i - 1, 0)], p1 = points[i], p2 = points[i + 1];
    const Point p3 = points[std::min(i + 2, stroke.count - 1)];
    for (int step = 1; step <= kSteps; ++step) {
      const float t = static_cast<float>(step) / kSteps;
      const float along = (static_cast<float>(i) + t) / static_cast<float>(stroke.count - 1);
      const Point after = field({Spline(p0.x, p1.x, p2.x, p3.x, t), Spline(p0.y, p1.y, p2.y, p3.y, t)});
      canvas->Line(before, after, pen.radius * (1 + pen.pressure * (along - 0.5f)));
      before = after;
    }
  }
}

}  // namespace

int32_t DrawDigit(uint64_t seed, int64_t index, uint8_t* pixels) {
  Random random(seed, "builtin_digits", 0, index);
  const auto label = static_cast<int32_t>(index % 10);
  const Digit& digit = kDigits[label];
  const Glyph& glyph = digit.glyphs[random.Below(digit.variants)];
  const Affine affine = DrawAffine(&random);
  const ElasticField field(&random);
  const Pen pen{random.Uniform(0.6f, 1.7f), random.Uniform(-0.5f, 0.5f)};
  Canvas canvas;
  for (const Stroke& stroke : glyph.strokes) {
    if (stroke.count > 0) DrawStroke(stroke, affine, field, pen, &random, &canvas);
  }
  const float ink = random.Uniform(170, 255), softness = random.Uniform(0.7f, 1.3f), noise = random.Uniform(0, 14);
  for (int i = 0; i < kSide * kSide; ++i) {
    const float cover = std::clamp(0.5f - canvas.distance()[i] / softness, 0.0f, 1.0f);
    // Near-normal noise of unit variance: four uniform bytes.
    const uint32_t bits = random.NextBits();
    const auto sum = static_cast<float>((bits & 255) + (bits >> 8 & 255) + (bits >> 16 & 255) + (bits >> 24));
    const float value = ink * cover + noise * (sum - 510) * (1 / 147.8f);
    pixels[i] = static_cast<uint8_t>(std::clamp(value + 0.5f, 0.0f, 255.0f));
  }
  return label;
}

std::unique_ptr<ImageSource> MakeBuiltinDigits(int64_t samples, uint64_t seed) {
  return std::make_unique<GeneratedSource>(
      GeneratedType{1, kSide, kSide, 10}, samples,
      [seed](int64_t index, uint8_t* planes) { return DrawDigit(seed, index, planes); });
}

}  // namespace espalier
