//! Whole conversations, compared to what is written down under `golden/`: every frame in and out, in order.
//!
//! What differs from run to run (ids, tokens, times) is replaced by names in order of appearance, so that who repeats
//! which id is part of the comparison. `WHISPERSPACE_BLESS=1` writes the files anew; with `CI` set that is a failure,
//! because a change of what travels is for a person to read and commit.

mod native;
mod placeholders;
mod socketio;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use crate::harness::{Heard, Wire};
use crate::socketio::{Polling, Raw};
use placeholders::Placeholders;

const RENEW: &str = "WHISPERSPACE_BLESS";

/// One person's connection, on any transport.
enum Line {
    Native(Wire),
    WebSocket(Raw),
    Polling(Polling),
}

impl Line {
    async fn send(&mut self, text: &str) {
        match self {
            Self::Native(wire) => wire.text(text).await,
            Self::WebSocket(raw) => raw.send(text).await,
            Self::Polling(polling) => polling.post(text).await,
        }
    }

    /// The next frame as it came, or how the line ended. Heartbeats come when they are due and not in answer to anything,
    /// and whether Engine.IO's own goodbye is still read before the end is chance: these are left out.
    async fn next(&mut self) -> Result<String, String> {
        loop {
            let next = self.next_of_all().await;
            if !next.as_ref().is_ok_and(|frame| ["{\"t\":\"ping\"}", "1"].contains(&frame.as_str())) {
                return next;
            }
        }
    }

    async fn next_of_all(&mut self) -> Result<String, String> {
        match self {
            Self::Native(wire) => match wire.next().await {
                Heard::Frame(_) => Ok(wire.texts.last().expect("a text was just read").clone()),
                Heard::Closed(code) => Err(format!("(closed {})", code.map_or_else(String::new, |c| c.to_string()))),
            },
            Self::WebSocket(raw) => raw.next().await.ok_or_else(|| "(closed)".to_owned()),
            Self::Polling(polling) => Ok(polling.next().await),
        }
    }
}

/// A conversation under way.
#[derive(Default)]
struct Transcript {
    text: String,
    placeholders: Placeholders,
    lines: BTreeMap<&'static str, Line>,
}

impl Transcript {
    /// Begins a paragraph.
    fn step(&mut self, what: &str) {
        let gap = if self.text.is_empty() { "" } else { "\n" };
        let _ = writeln!(self.text, "{gap}# {what}");
    }

    /// A value that is written under this name from now on.
    fn know(&mut self, kind: &str, value: &str) {
        self.placeholders.know(kind, value);
    }

    fn enter(&mut self, who: &'static str, line: Line) {
        self.lines.insert(who, line);
    }

    /// Drops a connection without a goodbye.
    fn cut(&mut self, who: &'static str) {
        self.lines.remove(who).expect("is there");
        let _ = writeln!(self.text, "{who} > (cut)");
    }

    async fn say(&mut self, who: &'static str, text: &str) {
        let written = self.placeholders.replace(text);
        let _ = writeln!(self.text, "{who} > {written}");
        self.lines.get_mut(who).expect("is there").send(text).await;
    }

    /// Writes down what comes until a frame that holds `last`; answers that frame as it came.
    async fn hear(&mut self, who: &'static str, last: &str) -> String {
        loop {
            let line = self.lines.get_mut(who).expect("is there");
            let heard = line.next().await.unwrap_or_else(|end| panic!("{who}: {end} before {last} in:\n{}", self.text));
            let written = self.placeholders.replace(&heard);
            let _ = writeln!(self.text, "{who} < {written}");
            if heard.contains(last) {
                return heard;
            }
        }
    }

    /// Everybody named hears this, each in turn.
    async fn all_hear(&mut self, people: &[&'static str], last: &str) {
        for who in people {
            self.hear(who, last).await;
        }
    }

    /// Writes down what comes until the line ends, and how it ends.
    async fn hear_end(&mut self, who: &'static str) {
        let mut line = self.lines.remove(who).expect("is there");
        loop {
            let next = line.next().await;
            let written = next.as_ref().map_or_else(String::clone, |heard| self.placeholders.replace(heard));
            let _ = writeln!(self.text, "{who} < {written}");
            if next.is_err() {
                return;
            }
        }
    }

    /// Compares with the file, or writes it where that was asked for.
    fn check(&self, name: &str) {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/transcripts/golden").join(name);
        if std::env::var_os(RENEW).is_some() {
            assert!(std::env::var_os("CI").is_none(), "{RENEW} is for people who read what changed, not for CI");
            std::fs::write(&file, &self.text).expect("the file can be written");
            return;
        }
        let golden = std::fs::read_to_string(&file).unwrap_or_default();
        let differ = golden.lines().zip(self.text.lines()).position(|(golden, now)| golden != now);
        let at = differ.unwrap_or_else(|| golden.lines().count().min(self.text.lines().count()));
        let line = |text: &str| text.lines().nth(at).unwrap_or("(the end)").to_owned();
        assert!(
            golden == self.text,
            "{name}, line {}:\nwritten down: {}\nheard now:    {}\nwhere this is meant: {RENEW}=1 and read the difference",
            at + 1,
            line(&golden),
            line(&self.text)
        );
    }
}
