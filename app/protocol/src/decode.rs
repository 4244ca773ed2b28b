//! How clients read: text to JSON values once, then values to types.
//!
//! The detour by [`Value`] is for the size of the interface: each type is compiled for one source only, where serde's own
//! reading of tagged enums compiles every field three times. The server reads requests directly and strictly
//! ([`crate::decode_client`]).

use std::cell::Cell;

use serde::de::value::StringDeserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _, VariantAccess, Visitor};
use serde_json::{Error, Map, Value};

/// Reads what the server wrote: an answer of the HTTP API, or what a page was rendered with.
///
/// # Errors
/// serde's own, for text that is not such a value.
pub fn decode<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_value(serde_json::from_str(text)?)
}

/// An object whose field `t` names the variant of an enum, and whose other fields are that variant's.
pub(crate) struct Tagged<'a> {
    tag: String,
    fields: Map<String, Value>,
    unknown: &'a Cell<bool>,
}

impl<'a> Tagged<'a> {
    /// `unknown` becomes true when the enum has no such variant.
    pub(crate) fn parse(text: &str, unknown: &'a Cell<bool>) -> Result<Self, Error> {
        let mut fields: Map<String, Value> = serde_json::from_str(text)?;
        let Some(Value::String(tag)) = fields.remove("t") else {
            return Err(Error::missing_field("t"));
        };
        Ok(Self { tag, fields, unknown })
    }
}

impl<'de> Deserializer<'de> for Tagged<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_enum(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> EnumAccess<'de> for Tagged<'_> {
    type Error = Error;
    type Variant = Fields;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Fields), Error> {
        let tag: StringDeserializer<Error> = StringDeserializer::new(self.tag);
        let variant = seed.deserialize(tag).inspect_err(|_| self.unknown.set(true))?;
        Ok((variant, Fields(self.fields)))
    }
}

/// The fields of one variant.
pub(crate) struct Fields(Map<String, Value>);

impl<'de> VariantAccess<'de> for Fields {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(Value::Object(self.0))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        Value::Object(self.0).deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        Value::Object(self.0).deserialize_any(visitor)
    }
}
