//! What may be changed to nothing, on its way between nodes: as a list of none or one. JSON has one `null` for "as before" and
//! for "nothing any more".
#![expect(clippy::option_option, reason = "as before, nothing, or something")]

use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[expect(clippy::ref_option, reason = "serde hands the field over so")]
pub(crate) fn serialize<T: Serialize, S: Serializer>(it: &Option<Option<T>>, to: S) -> Result<S::Ok, S::Error> {
    it.as_ref().map(Option::as_slice).serialize(to)
}

pub(crate) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<Option<T>>, D::Error> {
    let list: Option<Vec<T>> = Option::deserialize(from)?;
    Ok(list.map(|list| list.into_iter().next()))
}
