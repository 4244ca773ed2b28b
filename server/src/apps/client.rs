//! One connection of an application's user, whatever carries it: what its events do, what it enters, who is told that it is
//! there.
//!
//! The application's file decides (`channels`); here its steps are done, one after the other. Knows no socket.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use channels::{
    Access, Application, Channel, ChannelName, Client, Event, Facts, Namespace, Refused, RefusedCode, Step, Template,
    Text,
};
use protocol::ErrorCode;
use realtime::clock;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::backend::{Answer, Call, CallFailure};
use super::handle::{Busy, Full};
use super::live::{Asking, At, Encoded, Entering, Except, Listener, LiveChannels, Of, Way, facts};
use super::loaded::Loaded;
use super::recent::Recent;
use super::registry::{App, SignedIn};
use crate::iso_time::iso;
use crate::sanitize;

/// See the module.
pub(crate) struct Person {
    pub(crate) app: Arc<App>,
    pub(crate) member: Listener,
    client: Arc<Client>,
    live: LiveChannels,
    open: Mutex<Vec<Namespace>>,
    /// Requests that were taken last.
    pub(crate) recent: Recent,
}

/// Why something was not done, as it is told.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Told {
    code: String,
    message: String,
}

/// Whether somebody may hear a channel.
pub(crate) enum LetIn {
    No,
    /// With the question, where its backend was asked.
    Yes(Option<Asking>),
}

/// An event under way.
struct Doing<'a> {
    namespace: &'a Namespace,
    event: &'a Event,
    payload: &'a Map<String, Value>,
    now: String,
    id: String,
    /// The last that was entered or told.
    channel: Option<ChannelName>,
    acknowledged: Option<Value>,
}

impl Person {
    /// A connection that hears nothing yet.
    ///
    /// # Errors
    /// A bound.
    pub(crate) fn connect(
        app: Arc<App>,
        signed_in: &SignedIn,
        live: &LiveChannels,
        way: Way,
    ) -> Result<Self, ErrorCode> {
        let client = Arc::new(signed_in.client.clone());
        let member = live.connect(&app, &app.loaded().rules, &client, way)?;
        Ok(Self { app, member, client, live: live.clone(), open: Mutex::default(), recent: Recent::default() })
    }

    /// Whether a later token is of the same user and says the same of them.
    pub(crate) fn is_of(&self, app: &App, client: &Client) -> bool {
        app.name == self.app.name && self.client.has_the_rights_of(client)
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) const fn live(&self) -> &LiveChannels {
        &self.live
    }

    /// What it has open, in the order in which it was.
    pub(crate) fn namespaces(&self) -> Vec<Namespace> {
        self.opened().clone()
    }

    fn opened(&self) -> std::sync::MutexGuard<'_, Vec<Namespace>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the user may be in a namespace.
    pub(crate) fn may_open(&self, namespace: &Namespace) -> bool {
        self.app.loaded().rules.may_connect(&self.client, namespace)
    }

    /// Opens a namespace: what is entered there by itself is, and who wants to know is told that the user is there.
    pub(crate) fn open(&self, namespace: &Namespace) -> bool {
        let loaded = self.app.loaded();
        if !loaded.rules.may_connect(&self.client, namespace) {
            return false;
        }
        self.opened().push(namespace.clone());
        let is_first = self.live.set_open(&self.app, &self.member, namespace, true);
        self.enter_own(&loaded.rules, namespace, &loaded.rules.entered(&self.client, namespace));
        if is_first {
            self.tell_presence(namespace, Of::Online);
        }
        true
    }

    /// Closes it again.
    pub(crate) fn close(&self, namespace: &Namespace, reason: &str) {
        let was_open = {
            let mut open = self.opened();
            let before = open.len();
            open.retain(|known| known != namespace);
            open.len() < before
        };
        if was_open && self.live.set_open(&self.app, &self.member, namespace, false) {
            self.tell_presence(namespace, Of::Offline(reason));
        }
    }

    /// The line is lost: who wants to know is told that the user is not there any more.
    pub(crate) fn lost(&self, reason: &str) {
        for namespace in self.live.set_there(&self.app, &self.member, false) {
            self.tell_presence(&namespace, Of::Offline(reason));
        }
    }

    /// The client has come back to its session.
    pub(crate) fn back(&self) {
        for namespace in self.live.set_there(&self.app, &self.member, true) {
            self.tell_presence(&namespace, Of::Online);
        }
    }

    /// The session is over: it hears nothing any more.
    pub(crate) fn gone(&self) {
        self.live.gone(&self.app, &self.member);
    }

    /// Enters what a plain address is for.
    pub(crate) fn hear(&self, path: &str) {
        let loaded = self.app.loaded();
        let namespace = loaded.rules.first_namespace();
        self.opened().push(namespace.clone());
        self.live.set_open(&self.app, &self.member, namespace, true);
        for plain in loaded.rules.plains().iter().filter(|plain| plain.path == path) {
            self.enter_own(&loaded.rules, namespace, &loaded.rules.heard_at(plain, &self.client));
        }
    }

    /// Enters what a token names. It may name more than one connection may hear, or a channel that is full: then it is told
    /// how many are left out, and why the first was.
    fn enter_own(&self, rules: &Application, namespace: &Namespace, channels: &[Channel<'_>]) {
        let enter = |channel| self.live.enter(&self.app, rules, &self.member, channel, Entering::default()).err();
        let left_out: Vec<Full> = channels.iter().filter_map(enter).collect();
        let Some(&first) = left_out.first() else { return };
        let Refused { code, message } = refused(first);
        tracing::debug!(
            application = self.app.name.as_str(),
            left_out = left_out.len(),
            "channels of a token are left out"
        );
        let told = Told::new(code.as_str(), format!("Channels left out: {}. {message}", left_out.len()));
        match self.member.way() {
            Way::Native => self.refused(None, &told, None),
            Way::SocketIo | Way::Plain | Way::Stream => self.tell_refused(namespace, &told),
        }
    }

    /// Does what an event means. What is acknowledged, where something is. `id`: by what the backend knows the same event
    /// again, where the client can say that it is the same.
    ///
    /// # Errors
    /// Why it was not done, or not to its end.
    pub(crate) async fn event(
        &self,
        namespace: &Namespace,
        name: &str,
        arguments: &[Box<RawValue>],
        id: Option<String>,
    ) -> Result<Option<Value>, Told> {
        let loaded = self.app.loaded();
        let event = loaded.rules.event(namespace, name);
        let own = event.as_ref().ok().and_then(|event| event.rate.map(|rate| (&event.name, rate)));
        if !self.live.count_event(&self.app, &self.client.user, loaded.rules.limits().events, own) {
            return Err(Refused::RATE_LIMIT.into());
        }
        let event = event?;
        let arguments: Vec<&RawValue> = arguments.iter().map(|argument| &**argument).collect();
        let payload = event.payload(&arguments, &|typed| sanitize::content(typed))?;
        let mut doing = Doing {
            namespace,
            event,
            payload: &payload,
            now: iso(self.live.clock().wall()),
            id: id.unwrap_or_else(clock::random_id),
            channel: None,
            acknowledged: None,
        };
        for step in &event.steps {
            self.step(&loaded, &mut doing, step).await?;
        }
        Ok(doing.acknowledged)
    }

    async fn step(&self, loaded: &Loaded, doing: &mut Doing<'_>, step: &Step) -> Result<(), Told> {
        match step {
            Step::Subscribe(name) => {
                let channel = self.named(loaded, doing, name)?;
                let asked = self.is_let_in(loaded, &channel).await.map_err(|failure| doing.failed(failure))?;
                let LetIn::Yes(asking) = asked else { return Err(doing.unauthorized()) };
                let entering = Entering { asking: asking.as_ref(), ..Entering::default() };
                let entered = self.live.enter(&self.app, &loaded.rules, &self.member, &channel, entering);
                entered.map_err(|full| match full {
                    Full::PutOut => doing.unauthorized(),
                    Full::Members | Full::Subscriptions | Full::Channels | Full::Nodes => refused(full).into(),
                })?;
                doing.channel = Some(channel.name);
            }
            Step::Unsubscribe(name) => {
                let channel = self.named(loaded, doing, name)?;
                self.leave(&channel.name);
                doing.channel = Some(channel.name);
            }
            Step::Relay { to, event, data, volatile_ms, to_self } => {
                let channel = self.named(loaded, doing, to)?;
                if !self.member.hears(&channel.name) && !channel.may_publish(&self.client, false) {
                    return Err(doing.unauthorized());
                }
                let name = channel.name;
                doing.channel = Some(name.clone());
                let data = self.filled(data, doing.facts(&self.client)).to_string();
                let mut said = Encoded::new(doing.namespace, event, &data);
                let except = if *to_self { Except::Nobody } else { Except::Listener(self.member.key()) };
                match volatile_ms {
                    Some(every_ms) => {
                        self.live.tell_volatile(&self.app, &name, &mut said, (&self.member, *to_self), *every_ms);
                    }
                    None => {
                        self.live.tell(&self.app, &name, &mut said, except).map_err(|Busy| Refused::BUSY)?;
                    }
                }
            }
            Step::Call { name, data } => self.call(loaded, doing, name, data.as_ref()).await?,
            Step::Reply { event, data } => {
                let data = self.filled(data, doing.facts(&self.client)).to_string();
                let mut said = Encoded::new(doing.namespace, event, &data);
                self.member.push(said.frame(self.member.way(), At::User), self.live.limits());
            }
            Step::Acknowledge(data) => {
                doing.acknowledged = Some(self.filled(data, doing.facts(&self.client)));
            }
        }
        Ok(())
    }

    /// The channel that a step is about. One that does not exist is refused as one that is not for this user.
    fn named<'a>(&self, loaded: &'a Loaded, doing: &Doing<'_>, name: &Text) -> Result<Channel<'a>, Told> {
        let name = name.channel(&doing.facts(&self.client)).ok_or_else(|| doing.unauthorized())?;
        loaded.rules.channel(name.as_str()).ok_or_else(|| doing.unauthorized())
    }

    /// Leaves a channel, whether it was in it or not.
    fn leave(&self, name: &ChannelName) {
        if self.live.leave(&self.app, &self.member, name) {
            self.live.tell_left(&self.member, None, name);
        }
    }

    /// # Errors
    /// The application's backend cannot be asked, or refuses in its own words.
    pub(crate) async fn is_let_in(&self, loaded: &Loaded, channel: &Channel<'_>) -> Result<LetIn, CallFailure> {
        if self.member.hears(&channel.name) {
            return Ok(LetIn::Yes(None));
        }
        let Access::AskBackend { cache_ms } = channel.may_subscribe(&self.client) else {
            let is_allowed = channel.may_subscribe(&self.client) == Access::Allowed;
            return Ok(if is_allowed { LetIn::Yes(None) } else { LetIn::No });
        };
        let Some(backend) = &loaded.backend else { return Ok(LetIn::No) };
        let asking = self.live.asks(&self.app, &self.client.user, &channel.name);
        let is_let_in = backend.lets_in(&self.client, &channel.name, cache_ms, self.live.clock().now()).await?;
        Ok(if is_let_in { LetIn::Yes(Some(asking)) } else { LetIn::No })
    }

    async fn call(
        &self,
        loaded: &Loaded,
        doing: &mut Doing<'_>,
        name: &str,
        data: Option<&Template>,
    ) -> Result<(), Told> {
        let backend = loaded.backend.as_ref().ok_or_else(|| doing.failed(CallFailure::Down))?;
        let data = data
            .map_or_else(|| Value::Object(doing.payload.clone()), |data| self.filled(data, doing.facts(&self.client)));
        let call = Call { id: &doing.id, event: name, namespace: doing.namespace, client: &self.client, data: &data };
        let answer = backend.event(call, self.live.clock().now()).await;
        let answer = answer.map_err(|failure| doing.failed(failure))?;
        self.answered(loaded, doing, answer)
    }

    /// Does what the application's backend says. It may let a user into any channel that exists.
    ///
    /// # Errors
    /// Too much is told at this moment; everything else was done.
    fn answered(&self, loaded: &Loaded, doing: &mut Doing<'_>, answer: Answer) -> Result<(), Told> {
        let mut told = Ok(());
        let Answer { ack, reply, publish, subscribe, unsubscribe } = answer;
        for name in &subscribe {
            if let Some(channel) = loaded.rules.channel(name.as_str()) {
                let _ = self.live.enter(&self.app, &loaded.rules, &self.member, &channel, Entering::default());
            }
        }
        for reply in &reply {
            let data = reply.data.to_string();
            let mut said = Encoded::new(doing.namespace, &reply.event, &data);
            self.member.push(said.frame(self.member.way(), At::User), self.live.limits());
        }
        for publication in &publish {
            let except = if publication.except_caller { Except::Listener(self.member.key()) } else { Except::Nobody };
            let delivered = self.live.deliver(&self.app, &loaded.rules, publication, except, None);
            told = told.and(delivered.map(|_| ()));
        }
        for name in &unsubscribe {
            self.leave(name);
        }
        // What the backend said before of this user may be another thing now.
        if let Some(backend) = loaded.backend.as_ref().filter(|_| !unsubscribe.is_empty()) {
            backend.forget(&self.client.user);
        }
        if ack.is_some() {
            doing.acknowledged = ack;
        }
        told.map_err(|Busy| Refused::BUSY.into())
    }

    fn filled(&self, template: &Template, facts: Facts<'_>) -> Value {
        self.live.filled(&self.app, template, facts)
    }

    fn tell_presence(&self, namespace: &Namespace, of: Of<'_>) {
        self.live.tell_presence(&self.app, &self.client, namespace, of);
    }

    /// Tells this connection why something was not done.
    pub(crate) fn tell_refused(&self, namespace: &Namespace, told: &Told) {
        let Some(error) = channels::EventName::parse("error") else { return };
        let data = told.json(self.live.clock().wall()).to_string();
        let mut said = Encoded::new(namespace, &error, &data);
        self.member.push(said.frame(self.member.way(), At::User), self.live.limits());
    }

    /// Puts a packet behind what this connection was told.
    pub(crate) fn answer(&self, packet: String) {
        self.member.push(&super::live::frame(packet), self.live.limits());
    }

    /// What an acknowledgement says where there is none.
    pub(crate) fn refusal(&self, told: &Told) -> Value {
        json!({ "error": told.json(self.live.clock().wall()) })
    }
}

impl Told {
    pub(crate) fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into() }
    }

    /// For programs.
    pub(crate) fn code(&self) -> &str {
        &self.code
    }

    /// For people.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    fn json(&self, at: protocol::Millis) -> Value {
        json!({ "code": self.code, "message": self.message, "timestamp": iso(at) })
    }
}

impl From<Refused> for Told {
    fn from(refused: Refused) -> Self {
        Self { code: refused.code.as_str().to_owned(), message: refused.message.to_owned() }
    }
}

impl Doing<'_> {
    fn facts<'a>(&'a self, client: &'a Client) -> Facts<'a> {
        Facts { channel: self.channel.as_ref(), ..facts(client, self.payload, &self.now, &self.id) }
    }

    /// A rule refuses; the file may have words for it.
    fn unauthorized(&self) -> Told {
        let message = self.event.refused.clone().unwrap_or_else(|| Refused::UNAUTHORIZED.message.to_owned());
        Told { code: RefusedCode::Unauthorized.as_str().to_owned(), message }
    }

    /// The backend refuses in its own words, or fails; then the file may have words for it.
    fn failed(&self, failure: CallFailure) -> Told {
        match failure {
            CallFailure::Refused { code, message } => Told { code, message },
            CallFailure::Busy | CallFailure::Down | CallFailure::Slow | CallFailure::Nonsense => {
                let told = Told::from(Refused::BACKEND);
                let failed = &self.event.failed;
                Told {
                    code: failed.code.clone().unwrap_or(told.code),
                    message: failed.message.clone().unwrap_or(told.message),
                }
            }
        }
    }
}

/// A bound keeps somebody out.
pub(crate) const fn refused(full: Full) -> Refused {
    match full {
        Full::Members | Full::Channels => Refused::FULL,
        Full::Subscriptions => Refused::SUBSCRIPTIONS,
        Full::Nodes => Refused::BUSY,
        Full::PutOut => Refused::UNAUTHORIZED,
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Person({:?})", self.member)
    }
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Told(…)")
    }
}
