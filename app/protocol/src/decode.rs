//! How clients read what the server wrote: text to a JSON value once, then the value to a type by [`Read`].
//!
//! Not by serde's derived readers: those are compiled anew for every type and make a seventh of what a room downloads.
//! The server reads requests with serde, directly and strictly ([`crate::decode_client`]); a client trusts the server's
//! shape, takes fields that it does not know, and reads what is absent as its type says ([`Read::absent`]).

use std::fmt;

use crate::json::{self, Object, Value};

/// The text is not the value that was expected. Says nothing of the text: it may hold what people wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable;

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not the expected JSON")
    }
}

impl std::error::Error for Unreadable {}

/// Reads an answer of the HTTP API, or what a page was rendered with.
///
/// # Errors
/// [`Unreadable`] for text that is not such a value.
pub fn decode<T: Read>(text: &str) -> Result<T, Unreadable> {
    json::parse(text).and_then(T::read).ok_or(Unreadable)
}

/// A type that clients read.
pub trait Read: Sized {
    /// From a value that is there; `None` when it is of another shape.
    fn read(value: Value) -> Option<Self>;

    /// Where the field is not there; `None` when it has to be.
    #[must_use]
    fn absent() -> Option<Self> {
        None
    }
}

/// Takes a field out of an object.
pub fn field<T: Read>(object: &mut Object, name: &str) -> Option<T> {
    match object.remove(name) {
        Some(value) => T::read(value),
        None => T::absent(),
    }
}

/// Makes a struct, or one variant of an enum, out of the fields of an object.
#[macro_export]
macro_rules! from_fields {
    ($object:expr => $($name:ident)::+ { $($field:ident),* $(,)? }) => {
        $($name)::+ { $($field: $crate::field($object, stringify!($field))?,)* }
    };
}

/// [`Read`] for structs whose fields bear their names on the wire.
#[macro_export]
macro_rules! read_struct {
    ($name:ident { $($field:ident),* $(,)? }) => {
        impl $crate::Read for $name {
            fn read(value: $crate::Value) -> Option<Self> {
                let $crate::Value::Object(mut object) = value else { return None };
                Some($crate::from_fields!(&mut object => $name { $($field),* }))
            }
        }
    };
}

/// [`Read`] for enums of plain words: each variant with its word.
macro_rules! read_words {
    ($name:ident { $($variant:ident = $word:literal),* $(,)? }) => {
        impl $crate::Read for $name {
            fn read(value: $crate::Value) -> Option<Self> {
                match value.as_str()? {
                    $($word => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}
impl Read for bool {
    fn read(value: Value) -> Option<Self> {
        value.as_bool()
    }

    /// Flags that are not set are not sent.
    fn absent() -> Option<Self> {
        Some(false)
    }
}

impl Read for u64 {
    fn read(value: Value) -> Option<Self> {
        value.as_u64()
    }
}

impl Read for u32 {
    fn read(value: Value) -> Option<Self> {
        Self::try_from(value.as_u64()?).ok()
    }
}

impl Read for u16 {
    fn read(value: Value) -> Option<Self> {
        Self::try_from(value.as_u64()?).ok()
    }
}

impl Read for String {
    fn read(value: Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(text),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }
}

impl<T: Read> Read for Option<T> {
    fn read(value: Value) -> Option<Self> {
        if value.is_null() { Some(None) } else { T::read(value).map(Some) }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(value: Value) -> Option<Self> {
        match value {
            Value::Array(items) => items.into_iter().map(T::read).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => None,
        }
    }

    /// Empty lists may be left out.
    fn absent() -> Option<Self> {
        Some(Self::new())
    }
}
