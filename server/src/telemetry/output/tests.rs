//! A place that fails, stops and comes back.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{Output, WAITING_BYTES_MAX};

/// What a place does with the next write.
#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Takes,
    Full,
    /// Takes a few bytes and fails.
    Cuts,
    Busy,
}

/// A place whose mood the test sets, and what it took.
#[derive(Clone)]
struct Place {
    mood: Arc<Mutex<Mood>>,
    took: Arc<Mutex<Vec<u8>>>,
}

impl Place {
    fn new(mood: Mood) -> Self {
        Self { mood: Arc::new(Mutex::new(mood)), took: Arc::default() }
    }

    fn set(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    fn text(&self) -> String {
        String::from_utf8(self.took.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Place {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut mood = self.mood.lock().unwrap();
        let taken = match *mood {
            Mood::Takes => bytes.len(),
            Mood::Full => return Err(io::Error::from(io::ErrorKind::StorageFull)),
            Mood::Cuts => {
                *mood = Mood::Full;
                3.min(bytes.len())
            }
            Mood::Busy => {
                *mood = Mood::Takes;
                return Err(io::Error::from(io::ErrorKind::WouldBlock));
            }
        };
        drop(mood);
        self.took.lock().unwrap().extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Logs by an output of its own.
fn logging<T>(output: &Output, log: impl FnOnce() -> T) -> T {
    let subscriber = tracing_subscriber::fmt().with_writer(output.clone()).with_ansi(false).without_time().finish();
    tracing::subscriber::with_default(subscriber, log)
}

fn line(output: &Output, number: u32) {
    logging(output, || tracing::info!(number, "a line"));
}

#[test]
fn what_is_logged_is_written_in_order() {
    let place = Place::new(Mood::Takes);
    let output = Output::start(place.clone()).unwrap();
    (0..100).for_each(|number| line(&output, number));
    output.finish();
    let text = place.text();
    assert_eq!(text.lines().count(), 100);
    for (number, line) in text.lines().enumerate() {
        assert!(line.ends_with(&format!("number={number}")), "{line}");
    }
}

#[test]
fn a_full_place_costs_lines_only_and_a_cut_one_is_ended() {
    let place = Place::new(Mood::Takes);
    let output = Output::start(place.clone()).unwrap();
    line(&output, 1);
    output.finish();
    place.set(Mood::Cuts);
    (2..7).for_each(|number| line(&output, number));
    output.finish();
    assert_eq!(output.0.lock().lost, 5);
    place.set(Mood::Takes);
    line(&output, 7);
    output.finish();
    let text = place.text();
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[0].ends_with("number=1"), "{text}");
    assert!(lines.last().is_some_and(|line| line.ends_with("number=7")), "{text}");
    assert!(!text.contains("number=3"), "{text}");
    assert_eq!(lines.len(), 3, "the cut line has an end of its own; a notice has no subscriber here: {text}");
    assert_eq!(output.0.lock().lost, 0);
}

#[test]
fn a_place_that_is_busy_for_a_moment_loses_nothing() {
    let place = Place::new(Mood::Busy);
    let output = Output::start(place.clone()).unwrap();
    line(&output, 1);
    output.finish();
    assert!(place.text().ends_with("number=1\n"));
}

/// Takes a write when the test says so.
struct Gate(Receiver<()>, Sender<Vec<u8>>);

impl Write for Gate {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.recv().map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        self.1.send(bytes.to_vec()).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_reader_that_stops_holds_up_nobody_and_memory_is_bounded() {
    let ((open, gate), (sent, took)) = (channel(), channel());
    let output = Output::start(Gate(gate, sent)).unwrap();
    let text = "x".repeat(10_000);
    let lines_max = u64::try_from(WAITING_BYTES_MAX / text.len()).unwrap();
    (0..3 * lines_max).for_each(|_| logging(&output, || tracing::info!("{text}")));
    assert!(output.0.lock().lost >= 2 * lines_max - 2);
    assert!(output.0.lock().bytes <= WAITING_BYTES_MAX);
    output.finish();
    open.send(()).unwrap();
    assert!(took.recv_timeout(Duration::from_secs(15)).is_ok(), "what waited is written when it reads again");
}
