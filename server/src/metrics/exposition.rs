//! The numbers, written as Prometheus reads them. Each metric has its name, its sentence and its labels here, and nowhere
//! else; `docs/operations.md` explains them.

use std::fmt::{Error, Result};
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _, MetricEncoder, NoLabelSet, prometheus_text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use protocol::ErrorCode;
use realtime::broker::Reach;
use realtime::counts::{ByCode, Eviction, Spans};

use super::snapshot::Snapshot;
use crate::open_files;
use crate::transports::Carries;

/// What [`text`] writes.
pub(super) use prometheus_client::encoding::prometheus_text::CONTENT_TYPE;

/// The whole text.
///
/// # Errors
/// The library could not write it.
pub(super) fn text(snapshot: Snapshot) -> std::result::Result<String, Error> {
    let (mut text, mut registry) = (String::new(), Registry::default());
    registry.register_collector(Box::new(snapshot));
    prometheus_text::encode(&mut text, &registry)?;
    Ok(text)
}

impl Collector for Snapshot {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result {
        let mut writer = Writer(encoder);
        self.server(&mut writer)?;
        self.connections(&mut writer)?;
        self.rooms(&mut writer)?;
        self.store(&mut writer)?;
        self.broker(&mut writer)?;
        self.process(&mut writer)
    }
}

impl Snapshot {
    fn server(&self, out: &mut Writer<'_>) -> Result {
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        let mut build = out.0.encode_descriptor(
            "whisperspace_build_info",
            "Always 1; the version of the program is a label.",
            None,
            MetricType::Gauge,
        )?;
        ConstGauge::new(1_u64).encode(build.encode_family(&version)?)?;
        let database = self.of.state.config.database.kind();
        let mut kind = out.0.encode_descriptor(
            "whisperspace_store_info",
            "Always 1; the kind of the database is a label.",
            None,
            MetricType::Gauge,
        )?;
        ConstGauge::new(1_u64).encode(kind.encode_family(&[("kind", database)])?)
    }

    fn connections(&self, out: &mut Writer<'_>) -> Result {
        let (state, survey, counts) = (&self.of.state, &self.survey, self.of.state.hub.counts());
        let transports = Carries::ALL.map(|by| (by.as_str(), state.transports.count(by)));
        out.gauges("whisperspace_connections", "Connections that each transport carries.", "transport", transports)?;
        out.gauge(
            "whisperspace_tcp_connections",
            "Lines that are open, whatever they carry.",
            state.connections.lines(),
        )?;
        let tcp_max = u64::from(state.connections.lines_max());
        out.gauge("whisperspace_tcp_connections_max", "Lines that may be open.", tcp_max)?;
        let sessions = [("connected", survey.connected), ("away", survey.away)];
        out.gauges(
            "whisperspace_sessions",
            "Sessions, with a line or waiting for it to come back.",
            "state",
            sessions,
        )?;
        let bytes = [("unwritten", survey.unwritten_bytes), ("unconfirmed", survey.unconfirmed_bytes)];
        out.gauges("whisperspace_queue_bytes", "Bytes in the queues of sessions.", "state", bytes)?;
        let closed = by_code(&counts.closed);
        out.counters(
            "whisperspace_connections_closed",
            "Connections that the server ended, by reason.",
            "code",
            closed,
        )?;
        let evictions = Eviction::ALL.map(|why| (why.as_str(), counts.evictions(why)));
        out.counters("whisperspace_evictions", "Clients that had to go, and why.", "reason", evictions)?;
        out.counter("whisperspace_resumes", "Sessions that a client came back to.", counts.resumes.get())?;
        out.counter("whisperspace_gaps", "Times that a client was told of missing messages.", counts.gaps.get())
    }

    fn rooms(&self, out: &mut Writer<'_>) -> Result {
        let counts = self.of.state.hub.counts();
        out.gauge("whisperspace_rooms", "Rooms with somebody inside, or waited for.", self.survey.rooms)?;
        out.counter("whisperspace_messages", "Messages that rooms have told those inside.", counts.messages.get())?;
        out.counter("whisperspace_deliveries", "Sessions that these were handed to.", counts.deliveries.get())?;
        let refusals = by_code(&counts.refusals);
        out.counters("whisperspace_refusals", "Requests that were refused, by code of the table.", "code", refusals)?;
        let Some(times) = counts.times() else { return Ok(()) };
        let join = "From a request to come into a room to the seat.";
        out.histogram("whisperspace_join_seconds", join, &times.joins)?;
        let flush = "From the first frame that waits to the write to every session that has something waiting.";
        out.histogram("whisperspace_delivery_seconds", flush, &times.flushes)
    }

    fn store(&self, out: &mut Writer<'_>) -> Result {
        let store = &self.of.store;
        out.gauge(
            "whisperspace_store_up",
            "Whether the database answers and can be written.",
            u32::from(self.is_store_up),
        )?;
        let failures = [("unavailable", store.unavailable.get()), ("failed", store.failed.get())];
        out.counters("whisperspace_store_failures", "Operations of the database that failed.", "kind", failures)?;
        let mut times = out.0.encode_descriptor(
            "whisperspace_store_operation_seconds",
            "How long operations of the database took.",
            None,
            MetricType::Histogram,
        )?;
        for (name, spans) in store.operations() {
            histogram(times.encode_family(&[("operation", name)])?, spans)?;
        }
        Ok(())
    }

    /// Of one node alone nothing is written.
    fn broker(&self, out: &mut Writer<'_>) -> Result {
        let broker = self.of.state.hub.broker().state();
        let is_up = match broker.reach {
            Reach::Local => return Ok(()),
            Reach::Together => 1_u32,
            Reach::Unknown | Reach::Alone => 0,
        };
        out.gauge("whisperspace_broker_up", "Whether other nodes are reached over the broker.", is_up)?;
        let nodes = "Other nodes that were heard of lately.";
        out.gauge("whisperspace_broker_nodes", nodes, u64::try_from(broker.others).unwrap_or(u64::MAX))?;
        let bytes = u64::try_from(broker.waiting_bytes).unwrap_or(u64::MAX);
        out.gauge("whisperspace_broker_queue_bytes", "Bytes that wait for the broker.", bytes)?;
        let trip = broker.round_trip.unwrap_or_default().as_secs_f64();
        out.gauge(
            "whisperspace_broker_round_trip_seconds",
            "How long the last sign of life took, there and back.",
            trip,
        )?;
        let events = [("published", broker.published), ("received", broker.brought)];
        out.counters(
            "whisperspace_broker_events",
            "Events handed to other nodes and got of them.",
            "direction",
            events,
        )?;
        out.counter(
            "whisperspace_broker_holes",
            "Times that events of other nodes were found missing.",
            broker.missed,
        )?;
        out.counter("whisperspace_broker_losses", "Times that other nodes went out of reach.", broker.losses)
    }

    /// Under the names that exporters of every language share.
    #[expect(clippy::cast_precision_loss, reason = "a stamp in seconds is far below 2^52")]
    fn process(&self, out: &mut Writer<'_>) -> Result {
        let began_at = self.of.began_at as f64 / 1_000.0;
        out.gauge("process_start_time_seconds", "When the server began, in seconds since 1970.", began_at)?;
        out.gauge("process_max_fds", "Files that may be open.", open_files::limit())?;
        if let Some(max) = self.of.state.config.memory_max {
            out.gauge("whisperspace_memory_max_bytes", "Memory beyond which nobody new is let in.", max)?;
        }
        if let Some(files) = self.process.open_files {
            out.gauge("process_open_fds", "Files that are open, connections among them.", files)?;
        }
        if let Some(bytes) = self.process.resident_bytes {
            out.gauge("process_resident_memory_bytes", "Memory that is not swapped out.", bytes)?;
        }
        if let Some(seconds) = self.process.cpu_seconds {
            out.counter("process_cpu_seconds", "Time of processors.", seconds)?;
        }
        Ok(())
    }
}

/// Those that there were, and no line for the others: the table is long.
fn by_code(counts: &ByCode) -> impl Iterator<Item = (&'static str, u64)> {
    let counts = ErrorCode::ALL.iter().map(|&code| (code.as_str(), counts.get(code)));
    counts.filter(|(_, count)| *count > 0)
}

/// The library's encoder, with one call for a metric. Of a counter it makes `NAME_total`.
struct Writer<'a>(DescriptorEncoder<'a>);

impl Writer<'_> {
    fn gauge(&mut self, name: &str, help: &str, value: impl Into<Number>) -> Result {
        value.into().gauge(self.0.encode_descriptor(name, help, None, MetricType::Gauge)?)
    }

    fn counter(&mut self, name: &str, help: &str, value: impl Into<Number>) -> Result {
        value.into().counter(self.0.encode_descriptor(name, help, None, MetricType::Counter)?)
    }

    fn gauges(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        values: impl IntoIterator<Item = (&'static str, u64)>,
    ) -> Result {
        let mut metric = self.0.encode_descriptor(name, help, None, MetricType::Gauge)?;
        values
            .into_iter()
            .try_for_each(|(word, value)| Number::from(value).gauge(metric.encode_family(&[(label, word)])?))
    }

    fn counters(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        values: impl IntoIterator<Item = (&'static str, u64)>,
    ) -> Result {
        let mut metric = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        values
            .into_iter()
            .try_for_each(|(word, value)| Number::from(value).counter(metric.encode_family(&[(label, word)])?))
    }

    fn histogram(&mut self, name: &str, help: &str, spans: &Spans) -> Result {
        histogram(self.0.encode_descriptor(name, help, None, MetricType::Histogram)?, spans)
    }
}

fn histogram(mut metric: MetricEncoder<'_>, spans: &Spans) -> Result {
    let counts = spans.buckets();
    let bounds = Spans::BOUNDS.iter().map(Duration::as_secs_f64).chain([f64::INFINITY]);
    let buckets: Vec<(f64, u64)> = bounds.zip(counts).collect();
    metric.encode_histogram::<NoLabelSet>(spans.sum().as_secs_f64(), counts.iter().sum(), &buckets, None)
}

/// Whole, or of time.
enum Number {
    Whole(u64),
    Real(f64),
}

impl Number {
    fn gauge(self, metric: MetricEncoder<'_>) -> Result {
        match self {
            Self::Whole(value) => ConstGauge::new(value).encode(metric),
            Self::Real(value) => ConstGauge::new(value).encode(metric),
        }
    }

    fn counter(self, metric: MetricEncoder<'_>) -> Result {
        match self {
            Self::Whole(value) => ConstCounter::new(value).encode(metric),
            Self::Real(value) => ConstCounter::new(value).encode(metric),
        }
    }
}

impl From<u64> for Number {
    fn from(value: u64) -> Self {
        Self::Whole(value)
    }
}

impl From<u32> for Number {
    fn from(value: u32) -> Self {
        Self::Whole(value.into())
    }
}

impl From<f64> for Number {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}
