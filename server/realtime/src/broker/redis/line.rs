//! The line to the engine: opened, looked after, opened again. Everything that is decided is decided in `topics.rs`.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, ErrorKind, PushInfo, PushKind, RedisError, Value};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::address::RedisAddress;
use super::shared::Shared;
use super::topics::{To, Work};
use super::wire::{self, Content};
use crate::broker::Brought;
use crate::clock;

/// To a connection, and to each answer: an engine that takes longer is away.
const CONNECT_MAX: Duration = Duration::from_millis(2_500);
const ANSWER_MAX: Duration = Duration::from_millis(2_500);

/// Between two signs of life; each is also the proof that what is published comes back.
const ALIVE_EVERY: Duration = Duration::from_secs(3);
/// Between two looks at who was not heard of for too long.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A line on which a node has not heard itself for so long is dead, whatever it says.
const ECHO_MAX: Duration = Duration::from_secs(7);

/// Between two attempts: at first, and at the most.
const WAIT_FIRST_MS: u64 = 100;
const WAIT_MAX_MS: u64 = 2_000;

/// Channels that are subscribed by one command.
const SUBSCRIBE_MAX: usize = 512;

/// Until the broker is dropped.
pub(super) async fn run(shared: Arc<Shared>, address: RedisAddress) {
    let mut wait_ms = WAIT_FIRST_MS;
    let mut was_told = false;
    while !shared.closed.is_cancelled() {
        let cause = match Line::open(&shared, &address).await {
            Ok(line) => {
                if was_told {
                    tracing::info!("the broker is back: rooms are one again over all nodes");
                }
                (wait_ms, was_told) = (WAIT_FIRST_MS, false);
                line.serve().await;
                "the line was lost".to_owned()
            }
            Err(error) => kind_of(&error),
        };
        if shared.closed.is_cancelled() {
            return;
        }
        shared.topics().alone();
        if !was_told {
            tracing::warn!(cause, "the broker is away: each room goes on within this node alone");
            was_told = true;
        }
        tokio::select! {
            () = sleep(jittered(wait_ms)) => {}
            () = shared.closed.cancelled() => return,
        }
        shared.topics().look_after(Instant::now());
        wait_ms = (wait_ms * 2).min(WAIT_MAX_MS);
    }
}

/// Nodes that lost one engine do not come back at one moment.
fn jittered(wait_ms: u64) -> Duration {
    let random = u64::from(u32::from_be_bytes(clock::random()));
    Duration::from_millis(wait_ms / 2 + random % (wait_ms / 2 + 1))
}

/// Why the engine is not had, for its operator. Texts of errors may quote an address, so none is passed on.
fn kind_of(error: &RedisError) -> String {
    let refused = ["NOAUTH", "WRONGPASS", "NOPERM"];
    if error.code().is_some_and(|code| refused.contains(&code)) || error.kind() == ErrorKind::AuthenticationFailed {
        "the user or the password is refused".to_owned()
    } else if error.is_connection_refusal() {
        "the connection is refused".to_owned()
    } else if error.is_timeout() {
        "no answer in time".to_owned()
    } else {
        format!("{:?}", error.kind())
    }
}

fn timed_out() -> RedisError {
    std::io::Error::from(std::io::ErrorKind::TimedOut).into()
}

struct Line {
    shared: Arc<Shared>,
    connection: MultiplexedConnection,
    lost: CancellationToken,
}

impl Line {
    /// Connects, subscribes everything, and waits until this node hears itself.
    async fn open(shared: &Arc<Shared>, address: &RedisAddress) -> Result<Self, RedisError> {
        let number = shared.topics().begin_line();
        let lost = CancellationToken::new();
        let (listening, is_lost) = (Arc::clone(shared), lost.clone());
        let hear = move |push: PushInfo| -> Result<(), std::convert::Infallible> {
            match push.kind {
                PushKind::Message => hear_message(&listening, number, &push.data),
                PushKind::Disconnection => is_lost.cancel(),
                // Confirmations are waited for where they were asked for; nothing else was asked for.
                _ => {}
            }
            Ok(())
        };
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_MAX))
            .set_response_timeout(Some(ANSWER_MAX))
            .set_push_sender(hear);
        let connecting = address.client().get_multiplexed_async_connection_with_config(&config);
        let connection = timeout(CONNECT_MAX, connecting).await.map_err(|_| timed_out())??;
        let mut line = Self { shared: Arc::clone(shared), connection, lost };
        line.connection.subscribe(&shared.names.nodes).await?;
        // Also what is published already on a first line: it waits for this.
        line.work().await?;
        line.tell_alive().await?;
        let heard = async {
            while shared.topics().echo().is_none() {
                shared.echo.notified().await;
            }
        };
        timeout(ANSWER_MAX, heard).await.map_err(|_| timed_out())?;
        shared.topics().together(Instant::now());
        shared.work.notify_one();
        Ok(line)
    }

    /// Until the line is lost or the broker is dropped.
    async fn serve(mut self) {
        let mut alive = interval(ALIVE_EVERY);
        let mut look = interval(LOOK_EVERY);
        for beat in [&mut alive, &mut look] {
            beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        }
        let (lost, shared) = (self.lost.clone(), Arc::clone(&self.shared));
        loop {
            let done = tokio::select! {
                biased;
                () = shared.closed.cancelled() => return self.say_bye().await,
                () = lost.cancelled() => return,
                _ = look.tick() => self.look_after(),
                _ = alive.tick() => self.tell_alive().await,
                () = shared.work.notified() => self.work().await,
            };
            if let Err(error) = done {
                tracing::debug!(kind = %kind_of(&error), "the line to the broker is lost");
                return;
            }
        }
    }

    fn look_after(&self) -> Result<(), RedisError> {
        let now = Instant::now();
        let echo = self.shared.topics().echo();
        if echo.is_none_or(|echo| now.saturating_duration_since(echo) >= ECHO_MAX) {
            return Err(timed_out());
        }
        self.shared.topics().look_after(now);
        Ok(())
    }

    async fn tell_alive(&mut self) -> Result<(), RedisError> {
        let alive = self.shared.topics().alive(Instant::now());
        redis::cmd("PUBLISH").arg(&self.shared.names.nodes).arg(alive).query_async(&mut self.connection).await
    }

    /// Whoever does not hear it finds out by silence.
    async fn say_bye(mut self) {
        let bye = wire::bye(self.shared.node);
        let nodes = &self.shared.names.nodes;
        drop(redis::cmd("PUBLISH").arg(nodes).arg(bye).query_async::<()>(&mut self.connection).await);
    }

    /// Does all that there is to do.
    async fn work(&mut self) -> Result<(), RedisError> {
        loop {
            let work = self.shared.topics().take_work();
            if work.is_empty() {
                return Ok(());
            }
            self.carry_out(work).await?;
        }
    }

    async fn carry_out(&mut self, work: Work) -> Result<(), RedisError> {
        for channels in work.unsubscribe.chunks(SUBSCRIBE_MAX) {
            self.connection.unsubscribe(self.shared.names.topics_of(channels)).await?;
        }
        for channels in work.subscribe.chunks(SUBSCRIBE_MAX) {
            self.connection.subscribe(self.shared.names.topics_of(channels)).await?;
            self.shared.topics().subscribed(channels);
        }
        if work.publish.is_empty() {
            return Ok(());
        }
        let mut pipeline = redis::Pipeline::with_capacity(work.publish.len());
        let names = &self.shared.names;
        for (to, bytes) in work.publish {
            let publish = pipeline.cmd("PUBLISH");
            match to {
                To::Channel(channel) => publish.arg(names.topic_of(channel)),
                To::Nodes => publish.arg(&names.nodes),
            };
            publish.arg(bytes).ignore();
        }
        pipeline.query_async(&mut self.connection).await
    }
}

/// Never waits: the line's reader calls it.
fn hear_message(shared: &Shared, line: u64, data: &[Value]) {
    let [Value::BulkString(topic), Value::BulkString(bytes)] = data else { return };
    let Some(parcel) = wire::read(bytes) else { return };
    if topic == shared.names.nodes.as_bytes() {
        let is_own = parcel.from == shared.node;
        if let Content::Word(word) = parcel.content {
            if !is_own && shared.words.try_send(word).is_err() {
                tracing::warn!("more is told by other nodes than can be heard");
            }
            return;
        }
        shared.topics().node_says(line, parcel, Instant::now());
        if is_own {
            shared.echo.notify_one();
        }
        return;
    }
    let Some(channel) = shared.names.channel_of(topic) else { return };
    // Read before the lock is taken: it takes longest.
    let event = match &parcel.content {
        Content::Event(json) if parcel.from != shared.node => wire::json(json).map(Brought::Event),
        Content::Bytes(bytes) if parcel.from != shared.node => Some(Brought::Bytes(parcel.from, bytes.clone())),
        Content::Event(_)
        | Content::Bytes(_)
        | Content::Aside(_)
        | Content::People(_)
        | Content::Lost
        | Content::Alive(_)
        | Content::Word(_)
        | Content::Bye => None,
    };
    shared.topics().arrived(line, channel, parcel, event, Instant::now());
}
