//! Engine.IO sessions whose client has not said who it is. One request opens such a session, so they are bounded in
//! number, in all and for each network, and the oldest makes way for the next. Knows no session, only their names.

use std::collections::{BTreeMap, BTreeSet};

use protocol::Limits;

use realtime::address::Address;

/// The table.
#[derive(Default)]
pub(super) struct Strangers {
    next: u64,
    by_age: BTreeMap<u64, (Address, String)>,
    by_network: BTreeSet<(Address, u64)>,
}

impl Strangers {
    /// Notes another one, under the number that is answered. Where that is one too many, also answers the one that has to
    /// make way for it.
    pub(super) fn arrive(&mut self, address: Address, sid: &str, limits: &Limits) -> (u64, Option<String>) {
        let network = address.network();
        let is_at = |count: usize, most: u32| count >= usize::try_from(most).unwrap_or(usize::MAX);
        let mut own = self.by_network.range((network, 0)..=(network, u64::MAX));
        let oldest = if is_at(own.clone().count(), limits.strangers_per_network) {
            own.next().map(|(_, number)| *number)
        } else if is_at(self.by_age.len(), limits.strangers_total) {
            self.by_age.keys().next().copied()
        } else {
            None
        };
        let makes_way = oldest.and_then(|oldest| self.leave(oldest));
        let number = self.next;
        self.next += 1;
        self.by_age.insert(number, (network, sid.to_owned()));
        self.by_network.insert((network, number));
        (number, makes_way)
    }

    /// It is known, has ended or makes way.
    pub(super) fn leave(&mut self, number: u64) -> Option<String> {
        let (network, sid) = self.by_age.remove(&number)?;
        self.by_network.remove(&(network, number));
        Some(sid)
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use protocol::Limits;

    use super::Strangers;
    use realtime::address::Address;

    fn address(network: u8, host: u8) -> Address {
        IpAddr::from([10, 0, network, host]).into()
    }

    #[test]
    fn the_oldest_makes_way_of_its_network_first_and_then_of_all() {
        let limits = Limits { strangers_per_network: 2, strangers_total: 5, ..Limits::default() };
        let (mut strangers, mut numbers) = (Strangers::default(), Vec::new());
        // Network, name, and who makes way for it.
        for (network, sid, expected) in [
            (1, 1, None),
            (2, 2, None),
            (1, 3, None),
            (1, 4, Some(1)),
            (2, 5, None),
            (3, 6, None),
            (2, 7, Some(2)),
            (4, 8, Some(3)),
        ] {
            let (number, makes_way) = strangers.arrive(address(network, sid), &sid.to_string(), &limits);
            assert_eq!(makes_way, expected.map(|sid: u8| sid.to_string()), "for {sid}");
            numbers.push(number);
        }
        // Who has said who it is does not make way.
        assert!(strangers.leave(numbers.remove(3)).is_some());
        let (last, makes_way) = strangers.arrive(address(5, 1), "9", &limits);
        assert_eq!(makes_way, None);
        for number in numbers.into_iter().chain([last]) {
            strangers.leave(number);
        }
        assert!(strangers.by_age.is_empty() && strangers.by_network.is_empty());
    }
}
