//! Chance that comes again by its seed: `SplitMix64`.

pub(super) struct Chance {
    pub(super) seed: u64,
    state: u64,
}

impl Chance {
    /// By the variable `THREE_NODES_SEED`, or another one each time.
    pub(super) fn new() -> Self {
        let named = std::env::var("THREE_NODES_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = named.unwrap_or_else(|| u64::from(u32::from_be_bytes(realtime::clock::random())));
        Self { seed, state: seed }
    }

    pub(super) fn below(&mut self, end: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let end = u64::try_from(end).expect("is small");
        usize::try_from((mixed ^ (mixed >> 31)) % end).expect("is small")
    }

    pub(super) fn shuffle<T>(&mut self, list: &mut [T]) {
        for at in (1..list.len()).rev() {
            list.swap(at, self.below(at + 1));
        }
    }
}
