//! How the names and ids of the wire look, for descriptions that are made from the types (the feature `describe`, which
//! servers have). Structs and frames describe themselves by their derives.
//!
//! A pattern here says no more than the type's parser takes; the golden files are held against all of it.

use std::borrow::Cow;

use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::client_frame::SendFields;
use crate::names::{DISPLAY_NAME_BYTES_MAX, EMOJI_BYTES_MAX, ROOM_NAME_BYTES_MAX, TOPIC_BYTES_MAX};
use crate::{
    ClientId, DisplayName, Emoji, ErrorCode, InviteId, InviteToken, LoginId, MemberId, MessageId, RoomCode, RoomName,
    Sealed, Secret, SendMessage, SessionId, Topic,
};

const BASE64URL: &str = "^[A-Za-z0-9_-]+$";
const ID: &str = "^[A-Za-z0-9_-]{22}$";

fn text(says: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).description(Some(says))
}

macro_rules! described {
    ($($name:ident: $object:expr;)+) => {$(
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let object: Object = $object.build();
                RefOr::T(Schema::Object(object))
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }
        }
    )+};
}

described! {
    RoomCode: text("The canonical code of a room.").pattern(Some("^[2-9A-HJKMNP-Z]{8}$"));
    ClientId: text("Names a request; made by the client.").pattern(Some(BASE64URL)).min_length(Some(1)).max_length(Some(64));
    MemberId: text("A person in one room.").pattern(Some(ID));
    MessageId: text("A message: compare it whole.").pattern(Some(BASE64URL)).min_length(Some(1)).max_length(Some(96));
    SessionId: text("A session.").pattern(Some(ID));
    LoginId: text("A login.").pattern(Some(ID));
    InviteId: text("An invite.").pattern(Some(ID));
    InviteToken: text("What the link of an invite carries.").pattern(Some(BASE64URL));
    Secret: text("Claims a session, once.").pattern(Some(ID));
    DisplayName: text("What a person is called.").min_length(Some(1)).max_length(Some(DISPLAY_NAME_BYTES_MAX));
    RoomName: text("What a room is called.").min_length(Some(1)).max_length(Some(ROOM_NAME_BYTES_MAX));
    Topic: text("What a room is about.").min_length(Some(1)).max_length(Some(TOPIC_BYTES_MAX));
    Emoji: text("One emoji.").min_length(Some(1)).max_length(Some(EMOJI_BYTES_MAX));
    Sealed: text("What clients have encrypted.").pattern(Some(BASE64URL)).min_length(Some(1));
    ErrorCode: text("What went wrong, for programs.").enum_values(Some(ErrorCode::ALL.iter().map(|code| code.as_str())));
}

/// As it is on the wire.
impl PartialSchema for SendMessage {
    fn schema() -> RefOr<Schema> {
        SendFields::schema()
    }
}

impl ToSchema for SendMessage {
    fn name() -> Cow<'static, str> {
        SendFields::name()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        SendFields::schemas(schemas);
    }
}
