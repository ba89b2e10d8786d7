#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "tools/report/hardware_section.h"
#include "tools/report/package_section.h"
#include "tools/report/training_sections.h"
#include "tools/report/weight_sections.h"

namespace espalier {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using RecordSplit = MetricsRecord::Split;
using Moment = WeightHistogram::Moment;

Job JobOf(const std::string& text) {
  Job job;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &job));
  return job;
}

const char kThreePhases[] = R"(
  name: "lenet"
  phase { name: "dense" epochs: 2 learning_rate { constant: 0.1 } early_stop {} }
  phase { name: "prune" learning_rate { cosine { peak: 0.1 } } prune { sparsity: 0.9 } }
  phase { learning_rate { constant: 0.1 } share_weights {} optimizer { adam {} } }
)";

MetricsRecord RecordOf(int64_t step, const std::string& phase, RecordSplit split, float top1) {
  MetricsRecord record;
  record.step = step;
  record.phase = phase;
  record.split = split;
  record.top1 = top1;
  record.loss = 1 - top1;
  if (phase != "dense") record.sparsity = 0.9f;
  return record;
}

std::vector<MetricsRecord> ThreePhases() {
  return {
      RecordOf(10, "dense", RecordSplit::kTrain, 0.5f),        RecordOf(10, "dense", RecordSplit::kValidation, 0.6f),
      RecordOf(20, "dense", RecordSplit::kValidation, 0.7f),   RecordOf(30, "prune", RecordSplit::kTrain, 0.6f),
      RecordOf(30, "prune", RecordSplit::kValidation, 0.65f),  RecordOf(40, "phase 3", RecordSplit::kTrain, 0.8f),
      RecordOf(40, "phase 3", RecordSplit::kValidation, 0.75f)};
}

TEST(TrainingSections, PhasesSayWhatTheyDo) {
  const Job job = JobOf(kThreePhases);
  EXPECT_EQ(ChangesOf(job.phase(0)), "");
  EXPECT_EQ(ChangesOf(job.phase(1)), "prune");
  EXPECT_EQ(ChangesOf(job.phase(2)), "share_weights");
  const ReportSection section = JobSection(job, "", "the text");
  ASSERT_EQ(section.tables.size(), 1u);
  EXPECT_THAT(section.tables[0].rows, ElementsAre(ElementsAre("dense", "2 at most", "constant", ""),
                                                  ElementsAre("prune", "1", "cosine", "prune"),
                                                  ElementsAre("phase 3", "1", "constant", "share_weights")));
  EXPECT_EQ(section.listing, "the text");
}

TEST(TrainingSections, CurvesOverStepsWithPhases) {
  const ReportSection section = CurvesSection(ThreePhases());
  ASSERT_EQ(section.groups.size(), 1u);
  std::vector<std::string> titles;
  for (const Figure& figure : section.groups[0].figures) titles.push_back(figure.title);
  EXPECT_THAT(titles, ElementsAre("loss", "top-1", "sparsity"));
  const Figure& top1 = section.groups[0].figures[1];
  ASSERT_EQ(top1.series.size(), 2u);
  EXPECT_EQ(top1.series[1].name, "validation");
  EXPECT_THAT(top1.series[1].x, ElementsAre(10, 20, 30, 40));
  EXPECT_THAT(top1.series[1].y, ElementsAre(0.6f, 0.7f, 0.65f, 0.75f));
  std::vector<double> begins;
  for (const ChartMarker& marker : top1.markers) begins.push_back(marker.x);
  EXPECT_THAT(begins, ElementsAre(0, 20, 30));
}

TEST(TrainingSections, HighlightsCompareWithWhatWasBeforeCompression) {
  const Job job = JobOf(kThreePhases);
  const std::vector<Highlight> highlights = TrainingHighlights(&job, ThreePhases());
  ASSERT_EQ(highlights.size(), 2u);
  EXPECT_EQ(highlights[0].value, "75.00%");
  EXPECT_EQ(highlights[0].note, "70.00% before compression");
  EXPECT_EQ(highlights[1].value, "90.00%");
  EXPECT_EQ(TrainingHighlights(nullptr, ThreePhases())[0].note, "at step 40");
  EXPECT_THAT(TrainingHighlights(&job, {}), IsEmpty());
}

TEST(TrainingSections, ThinningKeepsTheEnds) {
  FigureSeries series;
  for (int i = 0; i < 1000; ++i) {
    series.x.push_back(i);
    series.y.push_back(2 * i);
  }
  const FigureSeries thin = Thinned(series, 100);
  EXPECT_LE(thin.x.size(), 101u);
  EXPECT_EQ(thin.x.front(), 0);
  EXPECT_EQ(thin.x.back(), 999);
  EXPECT_EQ(thin.y[1], 2 * thin.x[1]);
  EXPECT_EQ(Thinned(series, 1000).x, series.x);
}

WeightHistogram HistogramOf(int64_t step, const std::string& phase, Moment moment, std::vector<float> weights) {
  WeightHistogram histogram;
  histogram.step = step;
  histogram.phase = phase;
  histogram.moment = moment;
  histogram.parameter = "fc/weight";
  CountWeights(weights, &histogram);
  return histogram;
}

std::vector<WeightHistogram> Pruned() {
  return {HistogramOf(0, "dense", Moment::kBegin, {-1, -0.5f, 0.25f, 0.5f}),
          HistogramOf(10, "dense", Moment::kValidation, {-1, -0.5f, 0.25f, 0.5f}),
          HistogramOf(20, "dense", Moment::kEnd, {-3, -0.5f, 0.25f, 3}),
          HistogramOf(20, "prune", Moment::kBegin, {-3, 0, 0, 3}),
          HistogramOf(30, "prune", Moment::kEnd, {-2, 0, 0, 1})};
}

TEST(WeightSections, SparsityOverStepsAndAtTheEnd) {
  const ReportSection section = SparsitySection(Pruned(), {});
  ASSERT_EQ(section.groups.size(), 1u);
  const Figure& over_steps = section.groups[0].figures[0];
  EXPECT_THAT(over_steps.series[0].x, ElementsAre(0, 10, 20, 20, 30));
  EXPECT_THAT(over_steps.series[0].y, ElementsAre(0, 0, 0, 0.5, 0.5));
  const Figure& at_end = section.groups[0].figures[1];
  EXPECT_THAT(at_end.categories, ElementsAre("fc/weight"));
  EXPECT_THAT(at_end.series[0].y, ElementsAre(0.5));
  const ReportSection dense = SparsitySection({Pruned()[0]}, {});
  EXPECT_THAT(dense.groups, IsEmpty());
  EXPECT_THAT(dense.remarks, ElementsAre(HasSubstr("nothing was pruned")));
}

TEST(WeightSections, PanelsOfTheSameBinsAndRange) {
  const Job job = JobOf(kThreePhases);
  const ReportSection section = HistogramSection(Pruned(), &job);
  ASSERT_EQ(section.groups.size(), 1u);
  const std::vector<Figure>& panels = section.groups[0].figures;
  std::vector<std::string> titles;
  for (const Figure& panel : panels) titles.push_back(panel.title);
  EXPECT_THAT(titles, ElementsAre("dense, before the first step", "dense, at its end", "prune, after prune",
                                  "prune, at its end"));
  for (const Figure& panel : panels) {
    EXPECT_EQ(panel.series[0].x.front(), -3);
    EXPECT_EQ(panel.series[0].x.back(), 3 + 0.03125);
    double weights = 0;
    for (const double count : panel.series[0].y) weights += count;
    EXPECT_EQ(weights, panel.title.find("prune") == std::string::npos ? 4 : 2);
  }
  EXPECT_THAT(panels[2].note, HasSubstr("50.00% are exactly 0"));
}

TEST(WeightSections, ManyPhasesAreReducedToSomeWithBothEnds) {
  std::vector<WeightHistogram> histograms;
  for (int i = 0; i < 60; ++i) histograms.push_back(HistogramOf(i, "p", Moment::kEnd, {1.0f + 0.05f * i, -1}));
  const std::vector<Figure> panels = HistogramSection(histograms, nullptr).groups[0].figures;
  ASSERT_EQ(panels.size(), 12u);
  EXPECT_THAT(panels.front().note, HasSubstr("step 0"));
  EXPECT_THAT(panels.back().note, HasSubstr("step 59"));
}

TEST(WeightSections, SensitivityHasACurveForEachLayer) {
  const auto section = SensitivitySection(
      ParseCsv("layer,sparsity,top1,loss\nconv1,0,0.98,0.1\nconv1,0.5,0.9,0.2\nfc,0,0.98,0.1\n").value());
  ASSERT_TRUE(section.ok()) << section.status();
  const Figure& figure = section->groups[0].figures[0];
  ASSERT_EQ(figure.series.size(), 2u);
  EXPECT_THAT(figure.series[0].x, ElementsAre(0, 50));
  EXPECT_THAT(figure.series[0].y, ElementsAre(0.98, 0.9));
  EXPECT_THAT(SensitivitySection(ParseCsv("layer,sparsity\n").value()).status().ToString(), HasSubstr("top1"));
}

const char kLedger[] =
    "tensor,kind,elements,kept,values_bytes,indices_bytes,code_tables_bytes,bytes,bytes_without_huffman\n"
    "conv/weight,shared,1000,100,50,40,10,100,120\n"
    "conv/bias,floats,10,10,40,0,0,40,40\n"
    "fc/weight,shared,9000,900,450,400,10,860,900\n"
    "header,,,,200,0,0,200,200\n"
    "total,,,,740,440,20,1200,1260\n";

TEST(PackageSection, BytesByLayerAndPurpose) {
  const CsvTable ledger = ParseCsv(kLedger).value();
  const auto section = PackageSection(ledger);
  ASSERT_TRUE(section.ok()) << section.status();
  const Figure& bytes = section->groups[0].figures[0];
  EXPECT_THAT(bytes.categories, ElementsAre("conv", "fc", "header"));
  ASSERT_EQ(bytes.series.size(), 3u);
  EXPECT_EQ(bytes.series[2].name, "code tables");
  EXPECT_THAT(bytes.series[0].y, ElementsAre(90, 450, 200));
  const Figure& kept = section->groups[0].figures[1];
  EXPECT_THAT(kept.categories, ElementsAre("conv", "fc"));
  EXPECT_THAT(kept.series[0].y, ElementsAre(DoubleNear(110.0 / 1010, 1e-12), 0.1));
  const std::vector<Highlight> highlights = PackageHighlights(ledger);
  ASSERT_EQ(highlights.size(), 2u);
  EXPECT_EQ(highlights[0].value, "1.20 kB");
  EXPECT_EQ(highlights[1].value, "33.4x");
}

TEST(PackageSection, TheTotalIsTheLastRow) {
  const CsvTable ledger =
      ParseCsv("tensor,elements,values_bytes,bytes\ntotal,10,40,40\nfc/weight,10,40,40\ntotal,,80,80\n").value();
  EXPECT_THAT(PackageSection(ledger)->groups[0].figures[0].categories, ElementsAre("total", "fc"));
  EXPECT_EQ(PackageHighlights(ledger)[0].value, "80 B");
  EXPECT_EQ(PackageHighlights(ledger)[1].value, "1.0x");
}

TEST(PackageSection, DoesWithWhatTheLedgerHas) {
  const CsvTable ledger = ParseCsv("tensor,values_bytes\nfc/weight,7\n").value();
  EXPECT_TRUE(PackageSection(ledger).ok());
  EXPECT_THAT(PackageHighlights(ledger), IsEmpty());
  EXPECT_THAT(PackageSection(ParseCsv("tensor\nfc/weight\n").value()).status().ToString(), HasSubstr("_bytes"));
}

std::vector<std::string> DrawnSeries(const char* csv, const std::string& what) {
  const auto figure = StackedBars(ParseCsv(csv).value(), what);
  std::vector<std::string> names;
  if (!figure.ok()) return {std::string(figure.status().message())};
  for (const FigureSeries& series : figure->series) names.push_back(series.name);
  return names;
}

TEST(HardwareSection, DrawsPartsRatherThanSums) {
  EXPECT_THAT(
      DrawnSeries("layer,cycles,active,weight_stall,input_stall\na,10,6,4,3\nb,8,8,0,2\ntotal,18,14,4,5\n", "cycles"),
      ElementsAre("active", "weight stall"));
  EXPECT_THAT(DrawnSeries("component,events,pj_per_event,energy_nj\nsram,1000,5,5\nmac,10,1,0.01\n", "energy"),
              ElementsAre("energy nj"));
  // Numbers of six digits; what has another unit is no part however little it is.
  EXPECT_THAT(DrawnSeries("layer,energy_nj,matrix_nj,dram_nj,us\na,1.23457e+06,1.23456e+06,9.5,0.9\n", "energy"),
              ElementsAre("matrix nj", "dram nj"));
  EXPECT_THAT(DrawnSeries("layer,energy_nj,matrix_nj,dram_nj,us\na,1000,900,99.5,0.5\n", "energy"),
              ElementsAre("energy nj"));
  // Counts add up exactly.
  EXPECT_THAT(DrawnSeries("layer,cycles,broadcast,drain,vectors\na,1000000,999000,1000,1\n", "cycles"),
              ElementsAre("broadcast", "drain"));
  EXPECT_THAT(DrawnSeries("layer,matrix_bytes,dram_bytes,total_bytes,matrix_reads,load_bytes\n"
                          "a,1000000,0,1000000,0,0\nb,8000000,1,8000001,1,1\n",
                          "traffic"),
              ElementsAre("matrix bytes", "dram bytes"));
  EXPECT_THAT(DrawnSeries("layer,note,weights,activations\na,x,1,2\n", "traffic"),
              ElementsAre("weights", "activations"));
  EXPECT_THAT(DrawnSeries("layer,note\na,x\n", "traffic"), ElementsAre(HasSubstr("found none")));
  EXPECT_THAT(DrawnSeries("layer,cycles\n", "cycles"), ElementsAre(HasSubstr("found none")));
}

TEST(HardwareSection, TheTotalIsTheLastRow) {
  const auto bars = [](const char* csv) { return StackedBars(ParseCsv(csv).value(), "cycles")->categories; };
  EXPECT_THAT(bars("layer,cycles\ntotal,1\nfc,2\ntotal,3\n"), ElementsAre("total", "fc"));
  EXPECT_THAT(bars("layer,cycles\ntotal,1\nfc,2\n"), ElementsAre("total", "fc"));
}

TEST(HardwareSection, RooflineHasItsCornerAndAPointALayer) {
  const char csv[] =
      "layer,operations_per_byte,operations_per_s,peak_operations_per_s,bytes_per_s\n"
      "conv,1000,8e13,9.2e13,3.4e10\nfc,10,3e11,9.2e13,3.4e10\n";
  const auto figure = Roofline(ParseCsv(csv).value());
  ASSERT_TRUE(figure.ok()) << figure.status();
  ASSERT_EQ(figure->series.size(), 3u);
  EXPECT_THAT(figure->series[0].x,
              ElementsAre(5, DoubleNear(9.2e13 / 3.4e10, 1e-6), DoubleNear(2 * 9.2e13 / 3.4e10, 1e-6)));
  EXPECT_THAT(figure->series[0].y, ElementsAre(1.7e11, 9.2e13, 9.2e13));
  EXPECT_THAT(figure->series[2].x, ElementsAre(10));
  EXPECT_THAT(Roofline(ParseCsv("layer,operations_per_byte\nfc,1\n").value()).status().ToString(),
              HasSubstr("a column operations_per_s, found none"));
  EXPECT_THAT(Roofline(ParseCsv("layer,operations_per_byte\nfc,0\n").value()).status().ToString(),
              HasSubstr("a positive number as operations_per_byte of fc, found \"0\""));
}

TEST(HardwareSection, RemarksOnWhatIsMissingOrBroken) {
  FileSystem* const files = FileSystem::Posix();
  const std::string directory = JoinPath(::testing::TempDir(), "eie");
  ASSERT_TRUE(CreateDirectories(files, directory).ok());
  ASSERT_TRUE(WriteFileAtomically(files, JoinPath(directory, "cycles.csv"), "layer,cycles\nfc,12\n").ok());
  ASSERT_TRUE(WriteFileAtomically(files, JoinPath(directory, "energy.csv"), "layer,energy\nfc\n").ok());
  const ReportSection section = HardwareSection(files, directory, "EIE");
  EXPECT_EQ(section.id, "eie");
  ASSERT_EQ(section.groups[0].figures.size(), 1u);
  EXPECT_EQ(section.groups[0].figures[0].title, "cycles");
  EXPECT_THAT(section.remarks, ElementsAre(HasSubstr("line 2: expected 2 cells, found 1"),
                                           HasSubstr("eie: traffic.csv, roofline.csv.")));
}

}  // namespace
}  // namespace espalier
