//! The work that a person makes, without sockets, files or other threads, so that instructions can be counted:
//! `instructions WORK COUNT` does it so often and says nothing. `cargo xtask bench instructions` runs it under valgrind.

use std::collections::BTreeSet;
use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use chat::{ChannelId, Mark, MessageIds, Named, RoomStart};
use protocol::{
    ClientFrame, ClientId, DisplayName, ErrorCode, Limits, MemberId, MessageId, Millis, RoomCode, RoomInfo, RoomName,
    ServerFrame, Text, UserKind, decode_client, encode,
};
use realtime::attachment::Attachment;
use realtime::broker::local::LocalBroker;
use realtime::channel::RoomHandle;
use realtime::clock::{Clock, base64url};
use realtime::commands::Requests;
use realtime::dialect::{Broadcast, Counted, Dialect, DialectId, Frame, Projection, RoomContext, TextOf};
use realtime::error::Refused;
use realtime::hub::Hub;
use realtime::identity::{Carrier, Identity, LoginKey, UserId};
use realtime::knock::Knock;
use realtime::rate_limits::RateLimits;
use realtime::record::{Keeper, Left, Record};
use realtime::services::{Admission, Admitted, Asked, Directory, Logins, Sanitizer, Services, Wish};
use realtime::session::Turn;
use realtime::transport::{Next, Progress as _};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Others inside, where there are some.
const OTHERS: u8 = 50;
const CODE: &str = "KW7P3MXQ";
const TEXT: &str = "Can somebody look at the pump on the second floor before the shift ends?";
/// No limit is in the way.
const PLENTY: u32 = 100_000;

/// The frames of the native protocol, bare.
struct Json;

fn json(frame: &ServerFrame) -> Frame {
    Frame { text_of: TextOf::frame(frame), ..Frame::plain(encode(frame).into(), Counted::of(frame)) }
}

impl Dialect for Json {
    fn id(&self) -> DialectId {
        DialectId("json")
    }

    fn reads_sealed(&self) -> bool {
        true
    }

    fn reply(&self, _: UserId, frame: &ServerFrame, push: &mut dyn FnMut(Frame)) {
        push(json(frame));
    }

    fn projection(&self) -> Box<dyn Projection> {
        Box::new(Self)
    }
}

impl Projection for Json {
    fn broadcast(&mut self, frame: &ServerFrame, _: &RoomContext<'_>) -> Option<Broadcast> {
        Some(Broadcast::Shared(json(frame)))
    }
}

/// What is around the core of a server: here everybody is let in, and nothing is written down.
struct Around {
    hub: Hub,
    rate_limits: RateLimits,
    room: RoomHandle,
}

fn member(user: UserId) -> MemberId {
    MemberId::parse(&base64url(&user.0)).expect("22 characters")
}

#[async_trait]
impl Directory for Around {
    async fn admit(&self, admission: Admission<'_>) -> Result<Admitted, Refused> {
        let (room, mark) = (self.room.clone(), Mark([0; 16]));
        Ok(Admitted { room, member: member(admission.user), is_new: true, mark })
    }

    async fn knock(&self, _: Admission<'_>, _: DisplayName) -> Result<Option<Knock>, Refused> {
        Err(ErrorCode::Internal.into())
    }

    async fn withdraw(&self, _: &RoomHandle, _: UserId) -> Result<(), Refused> {
        Ok(())
    }

    async fn leave(&self, _: &RoomHandle, _: UserId) -> Result<Left, Refused> {
        Ok(Left::Remaining { owner: member(UserId([0; 16])) })
    }

    async fn exercise(&self, _: ChannelId, _: Asked, _: Wish) -> Result<(), Refused> {
        Err(ErrorCode::Forbidden.into())
    }

    async fn rooms_of(&self, _: UserId) -> Result<Vec<RoomCode>, Refused> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl Logins for Around {
    async fn stands(&self, _: &Identity) -> Result<bool, Refused> {
        Ok(true)
    }

    async fn keep(&self, _: &Identity) -> Option<bool> {
        Some(true)
    }

    fn is_due(&self, _: &Identity) -> bool {
        false
    }

    fn issue(&self, identity: &Identity) -> (String, Millis) {
        (String::new(), identity.expires_at)
    }
}

impl Sanitizer for Around {
    fn html(&self, _: &Text) -> Option<String> {
        None
    }
}

impl Services for Around {
    fn hub(&self) -> &Hub {
        &self.hub
    }

    fn rate_limits(&self) -> &RateLimits {
        &self.rate_limits
    }
}

struct Kept;

#[async_trait]
impl Keeper for Kept {
    async fn exists(&self) -> Option<bool> {
        Some(true)
    }

    async fn read(&self) -> Option<Option<Record>> {
        None
    }

    fn note_ended(&self) {}

    async fn delete(&self) -> bool {
        true
    }
}

struct Numbered;

impl MessageIds for Numbered {
    fn message_id(&self, at: Millis, random: u64, _: &MemberId) -> MessageId {
        MessageId::parse(&format!("{at:032x}{random:032x}")).expect("64 characters")
    }

    fn whisper_id(&self, at: Millis, random: u64, member: &MemberId, _: &MemberId) -> MessageId {
        self.message_id(at, random, member)
    }

    fn verify(&self, _: &MessageId) -> Option<Named> {
        None
    }
}

/// Somebody with a session.
struct Person {
    line: Attachment,
    requests: Requests,
    asked: u64,
}

impl Person {
    fn new(services: &Arc<dyn Services>, number: u8) -> Result<Self, Box<dyn Error>> {
        let identity = Identity {
            user: UserId([number; 16]),
            login: LoginKey([number; 16]),
            kind: UserKind::Guest,
            name: DisplayName::parse(&format!("Heron {number}"))?,
            username: None,
            expires_at: Millis::MAX,
        };
        let session = services.hub().open_session(&identity, Carrier::Bearer, &Json).ok_or("there is no place")?;
        let generation = session.connect();
        let line = Attachment { host: Box::new(services.hub().clone()), session, generation };
        let requests = Requests::new(Arc::clone(services), &line, std::net::IpAddr::from([127, 0, 0, 1]).into());
        Ok(Self { line, requests, asked: 0 })
    }

    fn cid(&mut self) -> Result<ClientId, ErrorCode> {
        self.asked += 1;
        ClientId::parse(&format!("c{}", self.asked))
    }

    async fn ask(&mut self, text: &str) -> Result<(), Box<dyn Error>> {
        match self.requests.take(text) {
            Next::Read => Ok(()),
            Next::Wait(done) => {
                done.await;
                Ok(())
            }
            Next::Close(code) => Err(code.into()),
        }
    }

    async fn join(&mut self) -> Result<(), Box<dyn Error>> {
        let join = ClientFrame::Join { cid: self.cid()?, code: CODE.to_owned(), pin: None, invite: None, since: None };
        self.ask(&encode(&join)).await
    }

    async fn leave(&mut self) -> Result<(), Box<dyn Error>> {
        let leave = ClientFrame::Leave { cid: self.cid()?, room: CODE.to_owned() };
        self.ask(&encode(&leave)).await
    }

    async fn say(&mut self) -> Result<(), Box<dyn Error>> {
        let text = said(&self.cid()?);
        self.ask(&text).await
    }

    /// Takes what waits, as a line does that takes everything. Answers whether there was something.
    fn drain(&self) -> bool {
        let Some(Turn::Write(frames)) = self.line.session.turn(self.line.generation, false) else { return false };
        self.line.wrote(frames.iter().map(Bytes::len).sum());
        true
    }
}

fn said(cid: &ClientId) -> String {
    format!(r#"{{"t":"send","cid":"{}","room":"{CODE}","text":"{TEXT}"}}"#, cid.as_str())
}

fn around(limits: Limits) -> Result<Arc<dyn Services>, Box<dyn Error>> {
    let (clock, tracker) = (Clock::start(), TaskTracker::new());
    let rate_limits = RateLimits::new(&limits);
    let broker = Arc::new(LocalBroker::new(1_000));
    let hub = Hub::new(Arc::new(limits.clone()), clock.clone(), broker, tracker, CancellationToken::new());
    let now = clock.now();
    let info = RoomInfo {
        code: RoomCode::parse(CODE)?,
        name: RoomName::parse("Harbour")?,
        capacity: PLENTY,
        topic: None,
        pin: false,
        sealed: false,
        locked: false,
        timer_s: None,
        lobby: false,
        created_at: now.wall,
        expires_at: now.wall + 86_400_000,
    };
    let owner = member(UserId([0; 16]));
    let (node, moderators, ids) = (hub.node(), BTreeSet::new(), Box::new(Numbered));
    let start = RoomStart { info, node, epoch: 7, owner, moderators, limits, ids, now };
    let room = hub.start(ChannelId([7; 16]), || (start, Arc::new(Kept)));
    Ok(Arc::new(Around { hub, rate_limits, room }))
}

/// A text to its parts, as the door takes them.
fn parse(count: u32) -> Result<(), Box<dyn Error>> {
    let text = said(&ClientId::parse("c1")?);
    for _ in 0..count {
        let ClientFrame::Send(message) = std::hint::black_box(decode_client(&text)).map_err(|error| error.code)? else {
            return Err("is a send".into());
        };
        std::hint::black_box((RoomCode::parse(&message.room)?, message.body));
    }
    Ok(())
}

/// What is measured, by its name.
async fn work(name: &str, count: u32) -> Result<(), Box<dyn Error>> {
    let limits = Limits {
        sends_burst: PLENTY,
        joins_per_minute: PLENTY,
        frames_per_minute: PLENTY,
        capacity_max: 10_000,
        // News of people are told when the room has nothing else to do: never, by these numbers.
        presence_tick_ms: 5_000,
        ..Limits::default()
    };
    let services = around(limits)?;
    let others = if name == "publish" { 0 } else { OTHERS };
    let mut inside = Vec::new();
    for number in 1..=others {
        let mut person = Person::new(&services, number)?;
        person.join().await?;
        inside.push(person);
    }
    let mut one = Person::new(&services, 0)?;
    if name != "join" {
        one.join().await?;
    }
    for person in inside.iter().chain([&one]) {
        person.drain();
    }
    for _ in 0..count {
        if name == "join" {
            one.join().await?;
            one.leave().await?;
        } else {
            one.say().await?;
        }
        // The room's task runs when this one waits.
        while !one.drain() {
            tokio::task::yield_now().await;
        }
        for person in &inside {
            person.drain();
        }
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(name), Some(count)) = (arguments.next(), arguments.next()) else {
        return Err("instructions parse|publish|deliver|join COUNT".into());
    };
    let count = count.parse()?;
    match name.as_str() {
        "parse" => parse(count),
        "publish" | "deliver" | "join" => {
            tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(work(&name, count))
        }
        unknown => Err(format!("no work named '{unknown}'").into()),
    }
}
