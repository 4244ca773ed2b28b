//! Every bound on what a file and a client's event may hold. Those on what lives (subscriptions, rates) are in the file
//! itself ([`crate::Limits`]).

/// Bytes of one file.
pub const FILE_BYTES_MAX: usize = 1 << 20;
/// Channels, events, keys, or any other list in a file.
pub const ENTRIES_MAX: usize = 1_000;
/// Namespaces of one application: whoever holds connections has a bit for each that it ever had.
pub const NAMESPACES_MAX: usize = 16;
/// Steps of one event.
pub const STEPS_MAX: usize = 16;
/// Bytes of the JSON that a client's event brings.
pub const PAYLOAD_BYTES_MAX: usize = 65_536;
/// Levels of that JSON, of a schema and of a template.
pub const DEPTH_MAX: usize = 16;
/// Bytes of a channel's name, and of what stands in for a part of it.
pub const CHANNEL_BYTES_MAX: usize = 300;
/// Bytes of a part of a channel's name, and of a user's id.
pub const PART_BYTES_MAX: usize = 128;
/// Bytes of an event's name.
pub const EVENT_BYTES_MAX: usize = 128;
/// Bytes of a namespace.
pub const NAMESPACE_BYTES_MAX: usize = 64;
/// Entries of a list in a token, and bytes of a name there.
pub const LIST_MAX: usize = 1_000;
/// Bytes of a user's name or role.
pub const CLAIM_BYTES_MAX: usize = 256;
