//! What clients may do wrong.

/// A client has done what the protocols do not allow. The session is over, whatever it was: neither protocol has an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault;
