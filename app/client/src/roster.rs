//! Who is inside: the state that `joined` brings, then what `presence` adds and takes away. Pure.

use protocol::{DisplayName, Member, MemberId, Role};

/// Members that are kept by name; of a larger room only the count is known.
const LISTED_MAX: usize = 1_000;

/// People whom one message mentions at most, as the server takes them.
const MENTIONS_MAX: usize = 20;

/// The people of one room as this page knows them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roster {
    you: Option<MemberId>,
    count: u32,
    members: Vec<Member>,
}

/// Who came and who went, by name, without the reader.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moves {
    /// Came in.
    pub joined: Vec<DisplayName>,
    /// Went out.
    pub left: Vec<DisplayName>,
    /// Who is something else now, the reader among them. Who has handed the room over is not: its new owner is.
    pub roles: Vec<(DisplayName, Role)>,
}

impl Roster {
    /// The state of a room that was joined, or joined again.
    pub fn reset(&mut self, you: MemberId, count: u32, members: Vec<Member>) {
        self.you = Some(you);
        self.count = count;
        self.members.clear();
        for member in members {
            self.put(member);
        }
        self.sort();
    }

    /// Takes in a delta and says who came and went.
    pub fn apply(&mut self, count: u32, joined: Vec<Member>, changed: Vec<Member>, left: &[MemberId]) -> Moves {
        let mut moves = Moves::default();
        self.count = count;
        for id in left {
            if let Some(index) = self.index(id) {
                let member = self.members.remove(index);
                if self.you.as_ref() != Some(id) {
                    moves.left.push(member.name);
                }
            }
        }
        for member in joined {
            let name = member.name.clone();
            let known = self.index(&member.id).is_some() || self.you.as_ref() == Some(&member.id);
            self.put(member);
            if !known {
                moves.joined.push(name);
            }
        }
        for member in changed {
            if let Some(role) = self.new_role(&member) {
                moves.roles.push((member.name.clone(), role));
            }
            self.put(member);
        }
        self.sort();
        moves
    }

    /// People inside, listed or not.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// The reader's own member id.
    pub fn you(&self) -> Option<&MemberId> {
        self.you.as_ref()
    }

    /// You first, then the owner, then by name.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// Those whom a text names by `@` and what they are called. The longer of two names is meant where both fit.
    pub fn mentioned(&self, text: &str) -> Vec<MemberId> {
        if !text.contains('@') {
            return Vec::new();
        }
        let mut rest = text.to_owned();
        let mut people: Vec<&Member> = self.members().iter().collect();
        people.sort_by_key(|member| std::cmp::Reverse(member.name.as_str().len()));
        let is_named = |member: &&Member| {
            let written = ["@", member.name.as_str()].concat();
            let is_there = rest.contains(&written);
            if is_there {
                rest = rest.replace(&written, "\0");
            }
            is_there
        };
        people.into_iter().filter(is_named).take(MENTIONS_MAX).map(|member| member.id.clone()).collect()
    }

    /// What the reader is called in this room.
    pub fn own_name(&self) -> Option<&DisplayName> {
        self.name_of(self.you.as_ref()?)
    }

    /// What the reader is in this room.
    pub fn own_role(&self) -> Option<Role> {
        self.index(self.you.as_ref()?).map(|index| self.members[index].role())
    }

    /// What somebody who is inside is called.
    pub fn name_of(&self, id: &MemberId) -> Option<&DisplayName> {
        self.index(id).map(|index| &self.members[index].name)
    }

    fn new_role(&self, member: &Member) -> Option<Role> {
        let (before, now) = (self.members[self.index(&member.id)?].role(), member.role());
        (now != before && (before, now) != (Role::Owner, Role::Member)).then_some(now)
    }

    fn index(&self, id: &MemberId) -> Option<usize> {
        self.members.iter().position(|member| member.id == *id)
    }

    fn put(&mut self, member: Member) {
        match self.index(&member.id) {
            Some(index) => self.members[index] = member,
            None if self.members.len() < LISTED_MAX => self.members.push(member),
            None => {}
        }
    }

    fn sort(&mut self) {
        let you = self.you.clone();
        self.members.sort_by_cached_key(|member| {
            (you.as_ref() != Some(&member.id), !member.owner, member.name.as_str().to_ascii_lowercase())
        });
    }
}

#[cfg(test)]
mod tests {
    use protocol::Activity;

    use super::*;

    fn id(number: u8) -> MemberId {
        MemberId::parse(&format!("{number:022}")).expect("22 digits")
    }

    fn member(number: u8, name: &str, owner: bool) -> Member {
        let name = DisplayName::parse(name).expect("a name");
        Member { id: id(number), name, state: Activity::Online, owner, moderator: false }
    }

    fn names(roster: &Roster) -> Vec<&str> {
        roster.members().iter().map(|member| member.name.as_str()).collect()
    }

    fn listed(names: &[DisplayName]) -> Vec<&str> {
        names.iter().map(DisplayName::as_str).collect()
    }

    fn roster() -> Roster {
        let mut roster = Roster::default();
        roster.reset(
            id(1),
            4,
            vec![member(3, "zoe", true), member(2, "Ben", false), member(4, "adam", false), member(1, "You", false)],
        );
        roster
    }

    #[test]
    fn you_come_first_then_the_owner_then_the_names() {
        assert_eq!(names(&roster()), ["You", "zoe", "adam", "Ben"]);
    }

    #[test]
    fn a_delta_says_who_came_and_went() {
        let mut roster = roster();
        let moves = roster.apply(4, vec![member(5, "Mia", false)], vec![member(2, "Aaron", false)], &[id(3)]);
        assert_eq!(names(&roster), ["You", "Aaron", "adam", "Mia"]);
        assert_eq!((listed(&moves.joined), listed(&moves.left)), (vec!["Mia"], vec!["zoe"]));
        assert_eq!(roster.count(), 4);
    }

    #[test]
    fn a_delta_says_who_is_something_else_and_of_a_room_that_is_handed_over_only_to_whom() {
        let mut roster = roster();
        let ben = |owner, moderator| Member { moderator, ..member(2, "Ben", owner) };
        let roles = |moves: Moves| {
            moves.roles.iter().map(|(name, role)| format!("{} {role:?}", name.as_str())).collect::<Vec<_>>()
        };
        let named = roster.apply(4, Vec::new(), vec![ben(false, true)], &[]);
        assert_eq!(roles(named), ["Ben Moderator"]);
        let handed = roster.apply(4, Vec::new(), vec![member(3, "zoe", false), ben(true, false)], &[]);
        assert_eq!(roles(handed), ["Ben Owner"]);
        let away = Member { state: Activity::Away, ..ben(true, false) };
        assert_eq!(roles(roster.apply(4, Vec::new(), vec![away], &[])), [""; 0]);
    }

    #[test]
    fn what_is_known_already_is_not_told_again() {
        let mut roster = roster();
        let moves = roster.apply(9, vec![member(2, "Ben", false), member(1, "You", false)], Vec::new(), &[id(9)]);
        assert_eq!(moves, Moves::default());
        assert_eq!((roster.count(), roster.members().len()), (9, 4));
    }

    #[test]
    fn the_list_is_bounded_and_the_count_is_not() {
        let mut roster = Roster::default();
        let crowd = (0..1_200_u32)
            .map(|number| Member {
                id: MemberId::parse(&format!("{number:022}")).expect("22 digits"),
                ..member(0, "Somebody", false)
            })
            .collect();
        roster.reset(id(0), 1_200, crowd);
        assert_eq!((roster.members().len(), roster.count()), (LISTED_MAX, 1_200));
    }
}
