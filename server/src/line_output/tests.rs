//! A place that fails, stops and comes back.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{LineOutput, WAITING_BYTES_MAX};

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

impl super::Place for Place {}

fn start(place: impl super::Place) -> LineOutput {
    LineOutput::start("lines", place, Box::new(|lost| format!("lost={lost}\n").into_bytes())).unwrap()
}

fn line(output: &LineOutput, number: u32) {
    output.put(format!("number={number}\n").into_bytes());
}

#[test]
fn what_is_put_is_written_in_order() {
    let place = Place::new(Mood::Takes);
    let output = start(place.clone());
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
    let output = start(place.clone());
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
    assert!(lines[1] == "num" && lines[2] == "lost=5", "the cut line has an end of its own: {text}");
    assert_eq!(lines.len(), 4, "{text}");
    assert_eq!(output.0.lock().lost, 0);
}

#[test]
fn a_place_that_is_busy_for_a_moment_loses_nothing() {
    let place = Place::new(Mood::Busy);
    let output = start(place.clone());
    line(&output, 1);
    output.finish();
    assert!(place.text().ends_with("number=1\n"));
}

/// Takes a write when the test says so.
struct Gate(Receiver<()>, Sender<Vec<u8>>);

impl super::Place for Gate {}

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
    let output = start(Gate(gate, sent));
    let text = "x".repeat(10_000);
    let lines_max = u64::try_from(WAITING_BYTES_MAX / text.len()).unwrap();
    (0..3 * lines_max).for_each(|_| output.put(text.clone().into_bytes()));
    assert!(output.0.lock().lost >= 2 * lines_max - 2);
    assert!(output.0.lock().bytes <= WAITING_BYTES_MAX);
    output.finish();
    open.send(()).unwrap();
    assert!(took.recv_timeout(Duration::from_secs(15)).is_ok(), "what waited is written when it reads again");
}

#[test]
fn a_thread_that_is_not_needed_ends_and_gives_its_place_back() {
    let place = Place::new(Mood::Takes);
    let output = start(place.clone());
    line(&output, 1);
    output.end();
    line(&output, 2);
    let deadline = std::time::Instant::now() + Duration::from_secs(15);
    while Arc::strong_count(&place.took) > 1 {
        assert!(std::time::Instant::now() < deadline, "the thread goes on");
        std::thread::yield_now();
    }
    assert_eq!(place.text(), "number=1\n");
}

/// The line that it was before is cut, and this one is new.
struct Exchanged(Place, Place, bool);

impl super::Place for Exchanged {
    fn renew(&mut self) -> io::Result<bool> {
        let is_another = !self.2 && *self.0.mood.lock().unwrap() == Mood::Full;
        self.2 |= is_another;
        Ok(is_another)
    }
}

impl Write for Exchanged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.2 { self.1.write(bytes) } else { self.0.write(bytes) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_new_place_begins_with_a_whole_line() {
    let (before, after) = (Place::new(Mood::Cuts), Place::new(Mood::Takes));
    let output = start(Exchanged(before.clone(), after.clone(), false));
    (1..3).for_each(|number| line(&output, number));
    output.finish();
    assert_eq!(before.text(), "num");
    assert_eq!(after.text(), "lost=1\nnumber=2\n");
}
