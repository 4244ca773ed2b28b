//! What was measured, as text, as JSON under `target/bench`, and as the tables of `docs/performance.md`.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use serde::{Deserialize, Serialize};

use super::measured::{Bar, Measured, number};
use super::peers::{Candidate, Missing};
use super::scenarios::{Relayed, Scenario};
use super::statistics::{FLOORS_APART_MAX, Sample, Spread, ratios, values};
use super::svg;
use crate::workspace::Workspace;

/// Everything that one run has measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Report {
    /// `2026-11-26`, in UTC.
    pub(super) date: String,
    pub(super) machine: String,
    /// Whether the run was short: its numbers say that the bench works, not how fast anything is.
    pub(super) quick: bool,
    pub(super) missing: Vec<Missing>,
    pub(super) relayed: Vec<Relayed>,
    pub(super) measured: Vec<Measured>,
}

/// One line of the tables: a candidate in a scenario.
struct Line {
    candidate: Candidate,
    cpu: Spread,
    p99: Option<Spread>,
    cpu_us: Spread,
    rate: Spread,
    p99_ms: Spread,
}

const START: &str = "<!-- written by `cargo xtask bench fanout --write-docs` -->";
const END: &str = "<!-- until here -->";

impl Report {
    /// Where the JSON lies; the runs of `forgetting` do not replace it.
    pub(super) fn path(workspace: &Workspace, name: &str) -> PathBuf {
        workspace.target().join("bench").join(format!("{name}.json"))
    }

    pub(super) fn save(&self, workspace: &Workspace, name: &str) -> Result<PathBuf> {
        let path = Self::path(workspace, name);
        fs::create_dir_all(path.parent().context("it lies in a folder")?)?;
        fs::write(&path, serde_json::to_string_pretty(self)? + "\n")?;
        fs::write(path.with_extension("svg"), self.picture())?;
        Ok(path)
    }

    pub(super) fn load(workspace: &Workspace, name: &str) -> Result<Self> {
        let path = Self::path(workspace, name);
        let text = fs::read(&path)
            .with_context(|| format!("{} is missing: run cargo xtask bench {name} first", path.display()))?;
        serde_json::from_slice(&text).with_context(|| format!("{} is of another version", path.display()))
    }

    /// Puts the tables and the picture into `docs/`.
    pub(super) fn write_docs(&self, workspace: &Workspace) -> Result<PathBuf> {
        let folder = workspace.root().join("docs");
        let page = folder.join("performance.md");
        let text = fs::read_to_string(&page).with_context(|| format!("{} is missing", page.display()))?;
        fs::write(&page, between_the_marks(&text, &self.markdown())?)?;
        fs::write(folder.join("performance.svg"), self.picture())?;
        Ok(page)
    }

    fn picture(&self) -> String {
        svg::draw(&self.relayed, &format!("{}, {}", self.date, self.machine))
    }

    /// For the terminal.
    pub(super) fn text(&self) -> String {
        let mut text = format!("{}, {}\n", self.date, self.machine);
        if self.quick {
            text.push_str("a quick run: it shows that the bench works, its numbers mean little\n");
        }
        for relayed in &self.relayed {
            let _ = write!(text, "\n{}\n{}\n", relayed.scenario.name(), rounds_told(relayed));
            for line in lines(relayed) {
                let _ = writeln!(
                    text,
                    "  {:<40} CPU {} x floor ({:.2} us), p99 {} x ({} ms), {:.0} deliveries/s{}",
                    line.candidate.name(),
                    spread(line.cpu),
                    line.cpu_us.median,
                    line.p99.map_or_else(|| "-".to_owned(), spread),
                    number(line.p99_ms.median),
                    line.rate.median,
                    over(&verdicts(relayed.scenario, &line)),
                );
            }
        }
        text.push('\n');
        for measured in &self.measured {
            let over = over(&[measured.bar.map(|bar| (bar, measured.value.median))]);
            let (what, name) = (&measured.what, measured.candidate.name());
            let _ = writeln!(text, "{what}: {name}: {} {}{over}", spread(measured.value), measured.unit);
        }
        for missing in &self.missing {
            let _ = writeln!(text, "NOT MEASURED: {}: {}", missing.what, missing.why);
        }
        text
    }

    fn markdown(&self) -> String {
        let run = if self.quick {
            "**A quick run**, which shows that the bench works; its numbers mean little. "
        } else {
            ""
        };
        let mut text = format!("{run}Measured {} on {}.\n", self.date, self.machine);
        for relayed in &self.relayed {
            let _ = write!(
                text,
                "\n### {}\n\n{}\n\n| server | CPU a delivery, x floor | bar | us | p99, x floor | bar | ms | deliveries/s |\n\
                 |---|---|---|---|---|---|---|---|\n",
                relayed.scenario.name(),
                rounds_told(relayed)
            );
            for line in lines(relayed) {
                let [cpu, p99] = verdicts(relayed.scenario, &line).map(|verdict| bar(verdict.map(|(bar, _)| bar)));
                let _ = writeln!(
                    text,
                    "| {} | {} | {cpu} | {:.2} | {} | {p99} | {} | {:.0} |",
                    line.candidate.name(),
                    spread(line.cpu),
                    line.cpu_us.median,
                    line.p99.map_or_else(String::new, spread),
                    number(line.p99_ms.median),
                    line.rate.median,
                );
            }
        }
        if !self.measured.is_empty() {
            text.push_str("\n### Without a floor\n\n| what | server | value | bar |\n|---|---|---|---|\n");
        }
        for measured in &self.measured {
            let (what, name, unit) = (&measured.what, measured.candidate.name(), &measured.unit);
            let _ = writeln!(text, "| {what} | {name} | {} {unit} | {} |", spread(measured.value), bar(measured.bar));
        }
        if !self.missing.is_empty() {
            text.push_str("\n### Not measured\n\n");
        }
        for missing in &self.missing {
            let _ = writeln!(text, "- {}: {}", missing.what, missing.why);
        }
        text
    }
}

fn rounds_told(relayed: &Relayed) -> String {
    let (all, void) = (relayed.rounds.len(), relayed.rounds.iter().filter(|round| round.is_void()).count());
    let apart = (FLOORS_APART_MAX - 1.0) * 100.0;
    let mut told = format!("{} of {all} rounds count", all - void);
    if void > 0 {
        let _ = write!(told, "; {void} void, because their floors differ by more than {apart:.0} %");
    }
    if void == all {
        told.push_str(": nothing can be said");
    }
    told
}

/// The floor first, then who has a sample in a round that counts.
fn lines(relayed: &Relayed) -> Vec<Line> {
    let rounds = &relayed.rounds;
    let line = |candidate| {
        let value = |of: fn(&Sample) -> f64| values(rounds, candidate, of);
        let ratio = |of: fn(&Sample) -> f64| match candidate {
            Candidate::Floor => value(of).map(|_| Spread::single(1.0)),
            other => ratios(rounds, other, of),
        };
        Some(Line {
            candidate,
            cpu: ratio(|sample| sample.cpu_us)?,
            p99: ratio(|sample| sample.p99_ms),
            cpu_us: value(|sample| sample.cpu_us)?,
            rate: value(|sample| sample.rate)?,
            p99_ms: value(|sample| sample.p99_ms)?,
        })
    };
    Candidate::ALL.into_iter().filter_map(line).collect()
}

/// The bars of CPU and p99 with what was measured, where there is a bar.
fn verdicts(scenario: Scenario, line: &Line) -> [Option<(Bar, f64)>; 2] {
    let cpu = scenario.cpu_bar(line.candidate).map(|bar| (Bar::AtMost(bar), line.cpu.median));
    let p99 = scenario.p99_bar(line.candidate).zip(line.p99).map(|(bar, p99)| (Bar::AtMost(bar), p99.median));
    [cpu, p99]
}

/// Which bars are missed.
fn over(verdicts: &[Option<(Bar, f64)>]) -> String {
    let missed = verdicts.iter().flatten().filter(|(bar, value)| !bar.is_met(*value));
    missed.fold(String::new(), |told, (missed, _)| told + "  MISSES " + &bar(Some(*missed)))
}

fn bar(bar: Option<Bar>) -> String {
    match bar {
        Some(Bar::AtMost(most)) => format!("≤ {most}"),
        Some(Bar::AtLeast(least)) => format!("≥ {least}"),
        None => String::new(),
    }
}

/// `1.23 (1.1-1.4)`, or one number where there was one measurement.
#[expect(clippy::float_cmp, reason = "the same value, not a computed one")]
fn spread(spread: Spread) -> String {
    if spread.min == spread.max {
        return number(spread.median);
    }
    format!("{} ({}-{})", number(spread.median), number(spread.min), number(spread.max))
}

/// The page with these lines where the last ones stood.
fn between_the_marks(page: &str, lines: &str) -> Result<String> {
    let (before, rest) = page.split_once(START).with_context(|| format!("the page has no line {START}"))?;
    let (_, after) = rest.split_once(END).with_context(|| format!("the page has no line {END}"))?;
    ensure!(!after.contains(START), "the page has the place of the tables twice");
    Ok(format!("{before}{START}\n\n{}\n\n{END}{after}", lines.trim_end()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::statistics::Round;
    use super::*;

    fn example() -> Report {
        let sample =
            |cpu_us, p99_ms| Sample { deliveries: 10, cpu_us, rate: 50_000.0, p50_ms: 1.0, p99_ms, max_ms: 9.0 };
        let round = |apart: f64| Round {
            floors: [sample(4.0, 2.0), sample(4.0 * apart, 2.0)],
            samples: BTreeMap::from([(Candidate::Native, sample(6.0, 3.5)), (Candidate::Bun, sample(3.0, 1.0))]),
        };
        Report {
            date: "2026-01-02".to_owned(),
            machine: "a machine, 2 cores".to_owned(),
            quick: false,
            missing: vec![Missing { what: "socketioxide".to_owned(), why: "no network".to_owned() }],
            relayed: vec![Relayed { scenario: Scenario::Spread, rounds: vec![round(1.0), round(1.3)] }],
            measured: vec![Measured {
                what: "idle memory".to_owned(),
                candidate: Candidate::Native,
                unit: "KiB each".to_owned(),
                value: Spread { median: 7.0, min: 6.0, max: 8.0 },
                bar: Some(Bar::AtMost(6.0)),
            }],
        }
    }

    #[test]
    fn the_text_tells_ratios_void_rounds_missed_bars_and_what_is_missing() {
        let text = example().text();
        for told in [
            "1 of 2 rounds count; 1 void, because their floors differ by more than 20 %",
            "CPU 1.50 x floor (6.00 us), p99 1.75 x (3.50 ms), 50000 deliveries/s  MISSES ≤ 1.02  MISSES ≤ 1.5",
            "CPU 0.75 x floor",
            "idle memory: WhisperSpace: 7.00 (6.00-8.00) KiB each  MISSES ≤ 6",
            "NOT MEASURED: socketioxide: no network",
        ] {
            assert!(text.contains(told), "{told:?} is not in:\n{text}");
        }
        assert!(!text.contains("quick"));
        let quick = Report { quick: true, ..example() };
        assert!(quick.text().contains("quick run") && quick.markdown().contains("**A quick run**"));
    }

    #[test]
    fn nothing_is_claimed_where_all_rounds_are_void() {
        let mut report = example();
        report.relayed[0].rounds.remove(0);
        assert!(report.text().contains("nothing can be said") && !report.text().contains("x floor"));
    }

    #[test]
    fn a_report_is_read_as_it_was_written() {
        let text = serde_json::to_string(&example()).expect("is JSON");
        let read: Report = serde_json::from_str(&text).expect("is a report");
        assert_eq!(read.text(), example().text());
    }

    #[test]
    fn tables_take_the_place_of_the_last_ones_and_of_nothing_else() {
        let page = format!("# Title\n\n{START}\nold\n{END}\n\nmore\n");
        let new = between_the_marks(&page, "new\n").expect("has the place");
        assert_eq!(new, format!("# Title\n\n{START}\n\nnew\n\n{END}\n\nmore\n"));
        assert_eq!(between_the_marks(&new, "new\n").expect("has the place"), new);
        assert!(between_the_marks("# Title", "new").is_err());
    }
}
