//! The picture of the report: for each scenario bars of the processor's time a delivery, as multiples of the floor's, with
//! a line from the least to the greatest round. Text and rectangles only, legible on white and on black.

use std::fmt::Write as _;

use super::measured::number;
use super::peers::Candidate;
use super::scenarios::Relayed;
use super::statistics::{Spread, float, ratios};

const WIDTH: f64 = 760.0;
/// Where names end and bars begin.
const LEFT: f64 = 250.0;
/// What is kept on the right for the number.
const RIGHT: f64 = 130.0;
const ROW: f64 = 22.0;
const HEADING: f64 = 34.0;

/// A picture of its own size, without scripts, fonts or links. `source`: when and where it was measured.
pub(super) fn draw(scenarios: &[Relayed], source: &str) -> String {
    let (mut body, mut top) = (String::new(), 8.0);
    for relayed in scenarios {
        let bars = bars(relayed);
        let name = escape(relayed.scenario.name());
        let _ = writeln!(body, "<text x=\"8\" y=\"{:.0}\" class=\"h\">{name}</text>", top + 20.0);
        top += HEADING;
        // The floor's own bar is always in the picture.
        let scale = bars.iter().map(|(_, spread)| spread.max).fold(1.0, f64::max);
        for (candidate, spread) in bars {
            row(&mut body, top, candidate, spread, scale);
            top += ROW;
        }
        let one = at(1.0, scale);
        let start = top - ROW * float(bars_count(relayed));
        let _ = writeln!(body, "<line x1=\"{one:.1}\" x2=\"{one:.1}\" y1=\"{start:.0}\" y2=\"{top:.0}\" class=\"f\"/>");
        top += 10.0;
    }
    let note = format!("CPU a delivery as a multiple of a bare send(), dashed; {source}");
    let _ = writeln!(body, "<text x=\"8\" y=\"{:.0}\" class=\"n\">{}</text>", top + 14.0, escape(&note));
    let height = top + 26.0;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH:.0} {height:.0}\" width=\"{WIDTH:.0}\" \
         height=\"{height:.0}\" role=\"img\" aria-label=\"{}\">\n<style>text{{font:13px sans-serif;fill:#777}}.h{{font-weight:\
         bold}}.n{{font-size:11px}}.own{{fill:#2a7}}.other{{fill:#89a}}.w{{stroke:#777;stroke-width:1.5}}.f{{stroke:#c55;\
         stroke-dasharray:4 3}}</style>\n{body}</svg>\n",
        escape(&note)
    )
}

fn row(body: &mut String, top: f64, candidate: Candidate, spread: Spread, scale: f64) {
    let class = if candidate.is_product() { "own" } else { "other" };
    let (end, low, high) = (at(spread.median, scale), at(spread.min, scale), at(spread.max, scale));
    let (text, middle) = (top + 14.0, top + 10.0);
    let _ = writeln!(
        body,
        "<text x=\"{:.0}\" y=\"{text:.0}\" text-anchor=\"end\">{}</text>\
         <rect x=\"{LEFT:.0}\" y=\"{:.0}\" width=\"{:.1}\" height=\"14\" class=\"{class}\"/>\
         <line x1=\"{low:.1}\" x2=\"{high:.1}\" y1=\"{middle:.0}\" y2=\"{middle:.0}\" class=\"w\"/>\
         <text x=\"{:.1}\" y=\"{text:.0}\">{}</text>",
        LEFT - 8.0,
        escape(candidate.name()),
        top + 3.0,
        (end - LEFT).max(1.0),
        high.max(end) + 6.0,
        number(spread.median),
    );
}

fn at(value: f64, scale: f64) -> f64 {
    LEFT + value / scale * (WIDTH - LEFT - RIGHT)
}

fn bars(relayed: &Relayed) -> Vec<(Candidate, Spread)> {
    let of = |candidate| Some((candidate, ratios(&relayed.rounds, candidate, |sample| sample.cpu_us)?));
    Candidate::ALL.into_iter().filter_map(of).collect()
}

fn bars_count(relayed: &Relayed) -> u64 {
    bars(relayed).len() as u64
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::scenarios::Scenario;
    use super::super::statistics::{Round, Sample};
    use super::*;

    #[test]
    fn the_picture_has_a_bar_for_each_candidate_inside_of_its_frame() {
        let sample = |cpu_us| Sample { deliveries: 1, cpu_us, rate: 1.0, p50_ms: 1.0, p99_ms: 1.0, max_ms: 1.0 };
        let samples = BTreeMap::from([(Candidate::Native, sample(6.0)), (Candidate::Bun, sample(3.0))]);
        let rounds = vec![Round { floors: [sample(4.0), sample(4.0)], samples }];
        let picture = draw(&[Relayed { scenario: Scenario::Spread, rounds }], "a <machine> & \"more\"");
        assert_eq!((picture.matches("<rect").count(), picture.matches("class=\"own\"").count()), (2, 1));
        assert!(picture.contains(">1.50</text>") && picture.contains("a &lt;machine&gt; &amp; &quot;more&quot;"));
        assert!(!picture.contains("NaN") && !picture.contains("inf"));
        assert!(at(1.5, 1.5) <= WIDTH - RIGHT && at(0.0, 1.5) >= LEFT);
    }
}
