//! What a client of the native protocol asks for of its own accord: to hear a channel, to hear it no more, to tell something.
//! The rules of the application's file hold as they do for its events (`client`).

use channels::{Channel, Refused, RefusedCode};
use chat::Tells;
use protocol::{ChannelPosition, ChannelServerFrame, ClientId};
use realtime::dialect::Counted;
use serde_json::{Map, Value};

use super::backend::CallFailure;
use super::client::{LetIn, Person, Told, refused};
use super::handle::Busy;
use super::live::{Encoded, Entering, Except, said};
use super::loaded::Loaded;

impl Person {
    /// Enters a channel; the answer says where its order stands.
    ///
    /// # Errors
    /// Why it may not.
    pub(crate) async fn subscribe(
        &self,
        cid: &ClientId,
        name: &str,
        since: Option<ChannelPosition>,
    ) -> Result<(), Told> {
        let loaded = self.counted()?;
        let channel = existing(&loaded, name)?;
        let asked = self.is_let_in(&loaded, &channel).await.map_err(|failure| match failure {
            CallFailure::Refused { code, message } => Told::new(code, message),
            CallFailure::Busy | CallFailure::Down | CallFailure::Slow | CallFailure::Nonsense => {
                Refused::BACKEND.into()
            }
        })?;
        let LetIn::Yes(asking) = asked else { return Err(Refused::UNAUTHORIZED.into()) };
        let entering = Entering { cid: Some(cid), since, asking: asking.as_ref() };
        let entered = self.live().enter(&self.app, &loaded.rules, &self.member, &channel, entering);
        entered.map(drop).map_err(|full| refused(full).into())
    }

    /// Leaves a channel. Whoever is not in it has left it.
    ///
    /// # Errors
    /// There is no such channel, or it is too much.
    pub(crate) fn unsubscribe(&self, cid: &ClientId, name: &str) -> Result<(), Told> {
        let loaded = self.counted()?;
        let channel = existing(&loaded, name)?;
        self.live().leave(&self.app, &self.member, &channel.name);
        self.live().tell_left(&self.member, Some(cid), &channel.name);
        Ok(())
    }

    /// Tells the others in a channel something, as an object of who says it and what: so nobody speaks in the name of
    /// somebody else, or of the application.
    ///
    /// # Errors
    /// Why it may not.
    pub(crate) fn publish(&self, cid: &ClientId, name: &str, event: &str, data: Value) -> Result<(), Told> {
        let loaded = self.counted()?;
        let channel = existing(&loaded, name)?;
        if !channel.may_publish(self.client(), self.member.hears(&channel.name)) {
            return Err(Refused::UNAUTHORIZED.into());
        }
        let event = channel.published(event).ok_or(Refused::UNAUTHORIZED)?;
        let namespace = channel.first_namespace().unwrap_or_else(|| loaded.rules.first_namespace());
        let mut told = Map::new();
        told.insert("user".to_owned(), self.client().user.as_str().into());
        if let Some(name) = &self.client().name {
            told.insert("name".to_owned(), name.as_str().into());
        }
        told.insert("data".to_owned(), data);
        let told = Value::Object(told).to_string();
        let mut encoded = Encoded::new(namespace, event, &told);
        let told = self.live().tell(&self.app, &channel.name, &mut encoded, Except::Listener(self.member.key()));
        told.map_err(|Busy| Refused::BUSY)?;
        self.done(cid, None);
        Ok(())
    }

    /// A request was done.
    pub(crate) fn done(&self, cid: &ClientId, data: Option<&Value>) {
        let done = said(&ChannelServerFrame::Done { cid, data }, Counted::Yes(Tells::Nothing));
        self.member.push(&done, self.live().limits());
    }

    /// A request was refused.
    pub(crate) fn refused(&self, cid: Option<&ClientId>, told: &Told, retry_after_ms: Option<u64>) {
        let error = ChannelServerFrame::Error { code: told.code(), text: told.message(), cid, retry_after_ms };
        self.member.push(&said(&error, Counted::Yes(Tells::Nothing)), self.live().limits());
    }

    /// Counts a request as an event.
    fn counted(&self) -> Result<std::sync::Arc<Loaded>, Told> {
        let loaded = self.app.loaded();
        let events = loaded.rules.limits().events;
        if self.live().count_event(&self.app, &self.client().user, events, None) {
            Ok(loaded)
        } else {
            Err(Refused::RATE_LIMIT.into())
        }
    }
}

/// A channel that does not exist is refused as one that is not for this user.
fn existing<'a>(loaded: &'a Loaded, name: &str) -> Result<Channel<'a>, Told> {
    loaded
        .rules
        .channel(name)
        .ok_or_else(|| Told::new(RefusedCode::Unauthorized.as_str(), Refused::UNAUTHORIZED.message))
}
