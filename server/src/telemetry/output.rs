//! Standard error as the place for log lines: each goes through [`LineOutput`], and none waits or fails.
//!
//! A line that is logged on the way of a request has the request's id (`realtime::request_id`). It is added here and not by
//! a span: a span costs memory for each connection and time for each of its steps, and this costs nothing where nothing is
//! logged.

use std::cell::RefCell;
use std::io::{self, Write};

use realtime::request_id::RequestId;
use tracing_subscriber::fmt::MakeWriter;

use crate::config::LogFormat;
use crate::line_output::LineOutput;

/// Where log lines go. Clones share the queue.
#[derive(Clone, Debug)]
pub(super) struct Output {
    lines: LineOutput,
    format: LogFormat,
}

thread_local! {
    /// What the writing thread itself logs, which is how it gives its own line the form of all others.
    static OWN: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

impl Output {
    /// Starts the thread that writes to standard error.
    pub(super) fn start(format: LogFormat) -> io::Result<Self> {
        Ok(Self { lines: LineOutput::start("log", io::stderr(), Box::new(notice))?, format })
    }

    /// As [`LineOutput::finish`].
    pub(super) fn finish(&self) {
        self.lines.finish();
    }
}

/// The line that tells of lost ones. At the level of faults, so that every level that logs anything has it.
fn notice(lost: u64) -> Vec<u8> {
    OWN.set(Some(Vec::new()));
    tracing::error!(lost, "log lines are lost: standard error could not be written, or was not read");
    OWN.take().unwrap_or_default()
}

/// One line in the making.
#[derive(Debug)]
pub(super) struct LogLine {
    output: Output,
    bytes: Vec<u8>,
}

impl LogLine {
    /// Adds the id of the request on whose way this was logged.
    fn name_request(&mut self, id: RequestId) {
        match self.output.format {
            LogFormat::Text => {
                let end = self.bytes.len() - usize::from(self.bytes.ends_with(b"\n"));
                self.bytes.splice(end..end, format!(" request={}", id.as_str()).into_bytes());
            }
            LogFormat::Json if self.bytes.starts_with(b"{") => {
                self.bytes.splice(1..1, format!("\"request\":\"{}\",", id.as_str()).into_bytes());
            }
            LogFormat::Json => {}
        }
    }
}

impl<'a> MakeWriter<'a> for Output {
    type Writer = LogLine;

    fn make_writer(&'a self) -> LogLine {
        LogLine { output: self.clone(), bytes: Vec::new() }
    }
}

impl Write for LogLine {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for LogLine {
    fn drop(&mut self) {
        if self.bytes.is_empty() {
            return;
        }
        if let Some(id) = RequestId::current() {
            self.name_request(id);
        }
        let line = std::mem::take(&mut self.bytes);
        // A thread that ends has no locals any more; its line goes the way of all lines.
        let is_own = OWN.try_with(|own| match &mut *own.borrow_mut() {
            Some(own) => {
                own.extend_from_slice(&line);
                true
            }
            None => false,
        });
        if !is_own.unwrap_or(false) {
            self.output.lines.put(line);
        }
    }
}
