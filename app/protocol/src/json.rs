//! JSON as clients read it (RFC 8259): a text to a tree of values, in one pass.
//!
//! Not with `serde_json`'s values: their reader, with numbers of every kind, maps in order and errors with places, is code
//! that every reader of a room would download. Of numbers only those are kept that the wire has.
//! Servers do not use it: what people send is read by `serde_json`, strictly ([`crate::decode_client`]).

use crate::limits::JSON_DEPTH_MAX;

/// A value.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number; `None` where it is no whole number from 0 to 2^64 - 1, which nothing on the wire is.
    Number(Option<u64>),
    /// A text.
    String(String),
    /// A list.
    Array(Vec<Value>),
    /// Names and values.
    Object(Object),
}

/// The fields of an object, in the order in which they were sent.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Object(Vec<(String, Value)>);

impl Object {
    /// Takes a field out. Of fields with one name the last counts.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let place = self.0.iter().rposition(|(field, _)| field == name)?;
        Some(self.0.remove(place).1)
    }
}

impl Value {
    /// The text, where it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Array(_) | Self::Object(_) => None,
        }
    }

    /// The whole number, where it is one.
    #[must_use]
    pub const fn as_u64(&self) -> Option<u64> {
        match self {
            Self::Number(number) => *number,
            Self::Null | Self::Bool(_) | Self::String(_) | Self::Array(_) | Self::Object(_) => None,
        }
    }

    /// True or false, where it is one of them.
    #[must_use]
    pub const fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            Self::Null | Self::Number(_) | Self::String(_) | Self::Array(_) | Self::Object(_) => None,
        }
    }

    /// Whether it is nothing.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}

/// Values hold what people wrote: none is ever formatted.
impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Value(…)")
    }
}

impl std::fmt::Debug for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Object({} fields)", self.0.len())
    }
}

/// Reads a text that is one value and white space around it; `None` for any other, and for one that is nested deeper
/// than [`JSON_DEPTH_MAX`].
pub(crate) fn parse(text: &str) -> Option<Value> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(JSON_DEPTH_MAX)?;
    reader.skip_space();
    (reader.at == text.len()).then_some(value)
}

/// Everything before `at` was read. `at` is always between two characters.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Reads this byte, if it is the next.
    fn take(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: u32) -> Option<Value> {
        self.skip_space();
        match self.peek()? {
            b'"' => self.string().map(Value::String),
            b'{' => self.object(depth.checked_sub(1)?).map(Value::Object),
            b'[' => self.array(depth.checked_sub(1)?).map(Value::Array),
            b't' => self.word("true", Value::Bool(true)),
            b'f' => self.word("false", Value::Bool(false)),
            b'n' => self.word("null", Value::Null),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Option<Value> {
        let is_next = self.text.as_bytes()[self.at..].starts_with(word.as_bytes());
        self.at += word.len();
        is_next.then_some(value)
    }

    fn array(&mut self, depth: u32) -> Option<Vec<Value>> {
        let mut items = Vec::new();
        self.at += 1;
        while self.goes_on(b']', items.is_empty())? {
            items.push(self.value(depth)?);
        }
        Some(items)
    }

    fn object(&mut self, depth: u32) -> Option<Object> {
        let mut fields = Vec::new();
        self.at += 1;
        while self.goes_on(b'}', fields.is_empty())? {
            if self.peek() != Some(b'"') {
                return None;
            }
            let name = self.string()?;
            self.skip_space();
            if !self.take(b':') {
                return None;
            }
            fields.push((name, self.value(depth)?));
        }
        Some(Object(fields))
    }

    /// Whether another member follows before `end`; reads what stands between them.
    fn goes_on(&mut self, end: u8, first: bool) -> Option<bool> {
        self.skip_space();
        if self.take(end) {
            return Some(false);
        }
        if !first && !self.take(b',') {
            return None;
        }
        self.skip_space();
        Some(true)
    }

    fn digits(&mut self) -> usize {
        let from = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - from
    }

    fn number(&mut self) -> Option<Value> {
        let mut is_whole = !self.take(b'-');
        let from = self.at;
        let starts_with_zero = self.peek() == Some(b'0');
        let digits = self.digits();
        if digits == 0 || starts_with_zero && digits > 1 {
            return None;
        }
        let whole = &self.text[from..self.at];
        if self.take(b'.') {
            is_whole = false;
            if self.digits() == 0 {
                return None;
            }
        }
        if self.take(b'e') || self.take(b'E') {
            is_whole = false;
            let _ = self.take(b'+') || self.take(b'-');
            if self.digits() == 0 {
                return None;
            }
        }
        Some(Value::Number(if is_whole { whole.parse().ok() } else { None }))
    }

    fn string(&mut self) -> Option<String> {
        self.at += 1;
        let mut read = String::new();
        loop {
            let from = self.at;
            while self.peek().is_some_and(|byte| byte != b'"' && byte != b'\\' && byte >= b' ') {
                self.at += 1;
            }
            read.push_str(&self.text[from..self.at]);
            if self.take(b'"') {
                return Some(read);
            }
            // Neither the end nor an escape: the text is over, or holds a control character as it is.
            if !self.take(b'\\') {
                return None;
            }
            read.push(self.escaped()?);
        }
    }

    /// The character behind a backslash.
    fn escaped(&mut self) -> Option<char> {
        let byte = self.peek()?;
        // What stands for nothing is refused below, and nothing is read behind it.
        self.at += usize::from(byte.is_ascii());
        Some(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let unit = self.four_digits()?;
                // Of a pair each half is an escape of its own; a half alone is no character.
                if (0xD800..0xDC00).contains(&unit) && self.take(b'\\') && self.take(b'u') {
                    let low = self.four_digits()?.checked_sub(0xDC00).filter(|low| *low < 0x400)?;
                    char::from_u32(0x1_0000 + ((unit - 0xD800) << 10) + low)?
                } else {
                    char::from_u32(unit)?
                }
            }
            _ => return None,
        })
    }

    fn four_digits(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        self.at += 4;
        digits.bytes().try_fold(0, |unit, byte| Some(unit << 4 | char::from(byte).to_digit(16)?))
    }
}
