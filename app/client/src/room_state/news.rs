//! Who waits in front of a room; and what is another of it, found by comparing it with itself as it was: a line of the log
//! for each. Also what was missed while the connection was lost; then nobody knows who it was.

use protocol::{DisplayName, Knocking, MemberId, Notice, RoomInfo};

use super::RoomState;
use crate::row::RoomNews;

impl RoomState {
    /// Who waits to be let in.
    pub fn knocks(&mut self, knocks: Vec<Knocking>) {
        self.knocks = knocks;
        self.changed = true;
    }

    /// The same, for those who may let them in.
    pub fn waiting(&self) -> &[Knocking] {
        &self.knocks
    }

    /// The room changed.
    pub fn room(&mut self, info: RoomInfo, by: Option<&MemberId>) {
        let by = by.and_then(|by| self.roster.name_of(by)).cloned();
        self.tell_news(&info, by.as_ref());
        self.info = Some(info);
        self.changed = true;
    }

    /// The server tells something of itself: a line, unless the same was told before.
    pub fn notice(&mut self, notice: Notice, text: Option<&str>) {
        match notice {
            Notice::Apart if !self.apart => self.timeline.news(None, RoomNews::Apart(true)),
            Notice::Together if self.apart => self.timeline.news(None, RoomNews::Apart(false)),
            Notice::Announcement => {
                if let Some(text) = text.filter(|text| self.announced.as_deref() != Some(*text)) {
                    self.timeline.news(None, RoomNews::Announced(text.to_owned()));
                }
                self.announced = text.map(str::to_owned);
                self.changed = true;
                return;
            }
            Notice::Apart | Notice::Together => {}
        }
        self.apart = notice == Notice::Apart;
        self.changed = true;
    }

    /// What is another than it was, each in a line. Of a room that was not known nothing is.
    #[inline(never)]
    pub(super) fn tell_news(&mut self, now: &RoomInfo, by: Option<&DisplayName>) {
        let Some(before) = self.info.take() else { return };
        for what in news(before, now) {
            self.timeline.news(by.cloned(), what);
        }
    }
}

fn news(before: RoomInfo, now: &RoomInfo) -> Vec<RoomNews> {
    let RoomInfo { name, topic, pin, capacity, locked, timer_s, lobby, expires_at, .. } = before;
    let all = [
        (name != now.name, RoomNews::Name(now.name.clone())),
        (topic != now.topic, RoomNews::Topic(now.topic.clone())),
        (pin != now.pin, RoomNews::Pin(now.pin)),
        (locked != now.locked, RoomNews::Locked(now.locked)),
        (lobby != now.lobby, RoomNews::Lobby(now.lobby)),
        (capacity != now.capacity, RoomNews::Capacity(now.capacity)),
        (expires_at < now.expires_at, RoomNews::Extended),
        (timer_s != now.timer_s, RoomNews::Timer(now.timer_s)),
    ];
    all.into_iter().filter(|(is_news, _)| *is_news).map(|(_, what)| what).collect()
}
