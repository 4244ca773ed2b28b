//! Bounds on what one text may become.

/// Quotes in quotes, lists in lists, marks in marks: each of them nests this deep, deeper ones stay literal.
pub(crate) const DEPTH_MAX: usize = 16;
/// HTML may be this many times as long as the text.
pub(crate) const EXPANSION_MAX: usize = 8;
/// Shorter texts may become as long as a text of this length: one link needs more than eight times its address.
pub(crate) const EXPANSION_FLOOR: usize = 64;
