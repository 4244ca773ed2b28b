//! The time and randomness, which pure code is given as arguments.

use protocol::{ClientId, Millis};

const BASE64URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Passed with every event.
pub struct Env<'a> {
    /// The time by this machine's clock. Whoever calls makes sure that it never runs backwards.
    pub now: Millis,
    /// Returns 64 random bits at each call.
    pub dice: &'a mut dyn FnMut() -> u64,
}

impl Env<'_> {
    /// The id of a new request: 128 random bits.
    pub fn cid(&mut self) -> ClientId {
        let mut bits = (u128::from((self.dice)()) << 64) | u128::from((self.dice)());
        let mut text = String::with_capacity(22);
        // Six bits a character: 21 characters take 126 of the 128 bits, the last one takes two.
        for _ in 0..22 {
            text.push(char::from(BASE64URL[(bits & 63) as usize]));
            bits >>= 6;
        }
        ClientId::parse(&text).expect("22 characters of the base64url alphabet are a client id")
    }
}

impl std::fmt::Debug for Env<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Env({})", self.now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_ids_carry_all_the_bits() {
        let mut ids = std::collections::HashSet::new();
        for bit in 0..128_u32 {
            let half = 1_u64 << (bit % 64);
            let mut throws = if bit < 64 { [0, half] } else { [half, 0] }.into_iter();
            let mut dice = || throws.next().expect("two throws an id");
            ids.insert(Env { now: 0, dice: &mut dice }.cid().as_str().to_owned());
        }
        assert_eq!(ids.len(), 128);
    }
}
