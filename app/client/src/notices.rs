//! What a person is told of rooms that they are not looking at: mentions, an end that comes near, being put out, another
//! role. Found by comparing the list of rooms with itself as it was. Pure.

use std::collections::{BTreeMap, VecDeque};

use protocol::{LeaveReason, Millis, Role, RoomCode};

use crate::room_entry::RoomEntry;

/// Notices that are kept; the oldest make way.
const NOTICES_MAX: usize = 50;
/// Minutes before a room's end at which that is told.
const WARN_MIN: [u64; 3] = [1, 5, 10];
const MINUTE_MS: Millis = 60_000;

/// What one is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    /// The person was mentioned there.
    Mentioned,
    /// The room ends in so many minutes.
    Closing(u64),
    /// They were put out of it.
    PutOut(LeaveReason),
    /// They are something else there.
    Role(Role),
}

/// One of them.
#[derive(Clone, PartialEq, Eq)]
pub struct Notice {
    /// Names it on this page.
    pub number: u64,
    /// The room.
    pub code: RoomCode,
    /// What that was called.
    pub title: String,
    /// What it is about.
    pub kind: NoticeKind,
    /// When, by the server's clock.
    pub at: Millis,
    /// Whether the person has seen it.
    pub is_read: bool,
}

/// Something that may make a sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// Something was said in a room that is not in view.
    Said(RoomCode),
    /// There is one more notice.
    Notice(Notice),
}

/// What may call for attention outside of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alert {
    /// The desktop shows notices.
    Desktop,
    /// It names the room.
    Names,
    /// A sound for what is said.
    Said,
    /// A sound for a mention.
    Mentioned,
    /// A sound for any other notice.
    Other,
    /// The desktop shows how a mention begins.
    Text,
}

/// Which of them the person wants: none, until they say so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Alerts(u8);

impl Alerts {
    /// All there are, each with its letter.
    const ALL: [(Alert, char); 6] = [
        (Alert::Desktop, 'd'),
        (Alert::Names, 'n'),
        (Alert::Said, 's'),
        (Alert::Mentioned, 'm'),
        (Alert::Other, 'o'),
        (Alert::Text, 't'),
    ];

    /// As it was written; what this version does not know is passed over.
    #[must_use]
    pub fn read(written: &str) -> Self {
        let wanted = Self::ALL.iter().filter(|(_, letter)| written.contains(*letter));
        wanted.fold(Self::default(), |alerts, (alert, _)| alerts.with(*alert, true))
    }

    /// For the next time.
    #[must_use]
    pub fn written(self) -> String {
        Self::ALL.iter().filter(|(alert, _)| self.has(*alert)).map(|(_, letter)| *letter).collect()
    }

    /// Whether this one is wanted.
    #[must_use]
    pub const fn has(self, alert: Alert) -> bool {
        self.0 & (1 << alert as u8) != 0
    }

    /// The same with this one, or without.
    #[must_use]
    pub const fn with(self, alert: Alert, on: bool) -> Self {
        let bit = 1 << alert as u8;
        Self(if on { self.0 | bit } else { self.0 & !bit })
    }
}

/// A room as it was when it was looked at last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Known {
    unread: u32,
    mentions: u32,
    role: Option<Role>,
    ended: Option<LeaveReason>,
    /// The least number of minutes that was told.
    warned: Option<u64>,
}

/// The notices of this page. They are in its memory, and gone with it.
#[derive(Debug, Default)]
pub struct Notices {
    list: VecDeque<Notice>,
    known: BTreeMap<RoomCode, Known>,
    last: u64,
}

impl Notices {
    /// Takes in the list of rooms as it is now, of which one may be in view. Answers what is new in the others; what is new
    /// in the one in view is kept as read.
    pub fn take(&mut self, rooms: &[RoomEntry], in_view: Option<RoomCode>, now: Millis) -> Vec<News> {
        let mut news = Vec::new();
        for room in rooms {
            let before = self.known.get(&room.code).copied();
            let is_in_view = in_view == Some(room.code);
            let warned = self.note_kinds(room, before, now, is_in_view, &mut news);
            let RoomEntry { unread, mentions, role, ended, .. } = *room;
            self.known.insert(
                room.code,
                Known { unread, mentions, role: role.or(before.and_then(|it| it.role)), ended, warned },
            );
        }
        self.known.retain(|code, _| rooms.iter().any(|room| room.code == *code));
        if let Some(code) = in_view {
            self.read_where(|notice| notice.code == code);
        }
        news
    }

    /// Answers the least number of minutes to the room's end that was told.
    fn note_kinds(
        &mut self,
        room: &RoomEntry,
        before: Option<Known>,
        now: Millis,
        is_in_view: bool,
        news: &mut Vec<News>,
    ) -> Option<u64> {
        let mut kinds = Vec::new();
        if let Some(before) = before {
            if room.mentions > before.mentions {
                kinds.push(NoticeKind::Mentioned);
            } else if room.unread > before.unread && !is_in_view {
                news.push(News::Said(room.code));
            }
            if let (Some(is), Some(was)) = (room.role, before.role)
                && is != was
            {
                kinds.push(NoticeKind::Role(is));
            }
            if let (Some(reason @ (LeaveReason::Kicked | LeaveReason::Banned)), None) = (room.ended, before.ended) {
                kinds.push(NoticeKind::PutOut(reason));
            }
        }
        let warned = before.and_then(|before| before.warned);
        let due = closing_in(room, now);
        if let Some(minutes) = due.filter(|minutes| warned.is_none_or(|warned| *minutes < warned)) {
            kinds.push(NoticeKind::Closing(minutes));
        }
        for kind in kinds {
            let notice = self.add(room, kind, now, is_in_view);
            if !is_in_view {
                news.push(News::Notice(notice));
            }
        }
        // A life that was extended is told of anew.
        due.map(|due| warned.map_or(due, |warned| warned.min(due)))
    }

    fn add(&mut self, room: &RoomEntry, kind: NoticeKind, at: Millis, is_read: bool) -> Notice {
        self.last += 1;
        let notice = Notice { number: self.last, code: room.code, title: room.title(), kind, at, is_read };
        if self.list.len() >= NOTICES_MAX {
            self.list.pop_back();
        }
        self.list.push_front(notice.clone());
        notice
    }

    /// One was read.
    pub fn read(&mut self, number: u64) {
        self.read_where(|notice| notice.number == number);
    }

    /// All were that there were until then, on this page or another of the person's.
    pub fn read_until(&mut self, until: Millis) {
        self.read_where(|notice| notice.at <= until);
    }

    /// All of a room were that there were until then: another page of the person's shows it.
    pub fn read_room(&mut self, code: RoomCode, until: Millis) {
        self.read_where(|notice| notice.code == code && notice.at <= until);
    }

    /// Whether one of a room is not read.
    pub fn has_unread(&self, code: RoomCode) -> bool {
        self.list.iter().any(|notice| notice.code == code && !notice.is_read)
    }

    fn read_where(&mut self, which: impl Fn(&Notice) -> bool) {
        self.list.iter_mut().filter(|notice| which(notice)).for_each(|notice| notice.is_read = true);
    }

    /// All of them, the newest first.
    pub fn list(&self) -> Vec<Notice> {
        self.list.iter().cloned().collect()
    }
}

/// The least of the times before the end that is reached, in a room that goes on.
fn closing_in(room: &RoomEntry, now: Millis) -> Option<u64> {
    let left = room.expires_at.filter(|_| room.ended.is_none())?.saturating_sub(now);
    WARN_MIN.into_iter().find(|minutes| left > 0 && left <= minutes * MINUTE_MS)
}

/// Holds the name of a room.
impl std::fmt::Debug for Notice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Notice({:?})", self.kind)
    }
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use protocol::{LeaveReason, Role, RoomCode};

    use super::{Alert, Alerts, MINUTE_MS, News, NoticeKind, Notices};
    use crate::room_entry::{RoomEntry, Standing};

    const END: u64 = 3_600_000;

    fn code(text: &str) -> RoomCode {
        RoomCode::parse(text).expect("is a code")
    }

    fn room() -> RoomEntry {
        RoomEntry {
            code: code("KW7P3MXQ"),
            name: None,
            unread: 0,
            mentions: 0,
            mentioned_by: None,
            last_at: None,
            standing: Standing::Connected,
            holds_words: false,
            role: Some(Role::Member),
            expires_at: Some(END),
            ended: None,
        }
    }

    fn kinds(news: &[News]) -> Vec<NoticeKind> {
        let kind = |news: &News| match news {
            News::Notice(notice) => Some(notice.kind),
            News::Said(_) => None,
        };
        news.iter().filter_map(kind).collect()
    }

    #[test]
    fn what_may_call_is_kept_by_letters_and_nothing_calls_unasked() {
        assert_eq!(Alerts::read(""), Alerts::default());
        let some = Alerts::default().with(Alert::Desktop, true).with(Alert::Said, true).with(Alert::Other, true);
        assert_eq!(Alerts::read(&some.written()), some);
        assert_eq!(Alerts::read("zsz").written(), "s");
        assert!(!some.with(Alert::Said, false).has(Alert::Said) && !some.has(Alert::Names));
    }

    #[test]
    fn what_is_there_at_first_is_no_news() {
        let mut notices = Notices::default();
        let first = RoomEntry { unread: 3, mentions: 1, role: Some(Role::Owner), ..room() };
        assert!(notices.take(from_ref(&first), None, 0).is_empty());
        assert!(notices.take(&[first], None, 0).is_empty());
    }

    #[test]
    fn a_mention_is_a_notice_and_another_message_is_a_sound() {
        let mut notices = Notices::default();
        notices.take(&[room()], None, 0);
        let said = notices.take(&[RoomEntry { unread: 1, ..room() }], None, 1);
        assert_eq!(said, [News::Said(room().code)]);
        let named = notices.take(&[RoomEntry { unread: 2, mentions: 1, ..room() }], None, 2);
        assert_eq!(kinds(&named), [NoticeKind::Mentioned]);
        assert_eq!(named.len(), 1, "one sound for one message");
        assert!(!notices.list()[0].is_read);
        notices.take(&[room()], Some(room().code), 3);
        assert!(notices.list()[0].is_read, "the room was looked at");
    }

    #[test]
    fn an_end_is_told_at_ten_five_and_one_and_again_when_it_was_put_off() {
        let mut notices = Notices::default();
        let mut at = |left: u64| kinds(&notices.take(&[room()], None, END - left));
        assert!(at(11 * MINUTE_MS).is_empty());
        assert_eq!(at(10 * MINUTE_MS), [NoticeKind::Closing(10)]);
        assert!(at(6 * MINUTE_MS).is_empty());
        assert_eq!(at(4 * MINUTE_MS), [NoticeKind::Closing(5)]);
        assert_eq!(at(30_000), [NoticeKind::Closing(1)]);
        assert!(at(0).is_empty(), "it is over");
        let later = RoomEntry { expires_at: Some(2 * END), ..room() };
        assert!(notices.take(from_ref(&later), None, END).is_empty());
        assert_eq!(kinds(&notices.take(&[later], None, 2 * END - 10 * MINUTE_MS)), [NoticeKind::Closing(10)]);
    }

    #[test]
    fn who_is_put_out_or_named_is_told_once_also_through_a_drop() {
        let mut notices = Notices::default();
        notices.take(&[room()], None, 0);
        let named = RoomEntry { role: Some(Role::Moderator), ..room() };
        assert_eq!(kinds(&notices.take(from_ref(&named), None, 1)), [NoticeKind::Role(Role::Moderator)]);
        assert!(notices.take(&[RoomEntry { role: None, ..named.clone() }], None, 2).is_empty());
        assert!(notices.take(from_ref(&named), None, 3).is_empty());
        let out = RoomEntry { ended: Some(LeaveReason::Kicked), ..named.clone() };
        assert_eq!(kinds(&notices.take(from_ref(&out), None, 4)), [NoticeKind::PutOut(LeaveReason::Kicked)]);
        assert!(notices.take(&[out], None, 5).is_empty());
        let left = RoomEntry { ended: Some(LeaveReason::Left), ..named };
        assert!(notices.take(&[left], None, 6).is_empty());
    }

    #[test]
    fn what_happens_in_view_is_listed_as_read_and_makes_no_noise() {
        let mut notices = Notices::default();
        notices.take(&[room()], Some(room().code), 0);
        let named = RoomEntry { role: Some(Role::Owner), ..room() };
        assert!(notices.take(&[named], Some(room().code), 1).is_empty());
        assert!(notices.list()[0].is_read);
    }

    #[test]
    fn what_another_page_shows_is_read_here_room_by_room() {
        let mut notices = Notices::default();
        let elsewhere = RoomEntry { code: code("AAAA2222"), ..room() };
        notices.take(&[room(), elsewhere.clone()], None, 0);
        let named = |it: RoomEntry| RoomEntry { mentions: 1, ..it };
        notices.take(&[named(room()), named(elsewhere.clone())], None, 5);
        notices.read_room(room().code, 4);
        assert!(notices.has_unread(room().code), "it came later");
        notices.read_room(room().code, 5);
        assert!(!notices.has_unread(room().code) && notices.has_unread(elsewhere.code));
    }

    #[test]
    fn the_list_is_bounded_and_read_one_by_one_or_whole() {
        let mut notices = Notices::default();
        for round in 0..70_u32 {
            notices.take(&[RoomEntry { mentions: round, ..room() }], None, 0);
        }
        assert_eq!(notices.list().len(), 50);
        let newest = notices.list()[0].number;
        notices.read(newest);
        assert_eq!(notices.list().iter().filter(|notice| notice.is_read).count(), 1);
        notices.read_until(0);
        assert!(notices.list().iter().all(|notice| notice.is_read));
    }
}
