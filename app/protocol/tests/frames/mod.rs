//! What holds of whatever text comes, whoever thought it up: the property tests here and the fuzzer under `server/fuzz` run
//! the same checks. Each panics where something does not hold.

use protocol::{
    ClientFrame, DisplayName, ErrorCode, Password, Pin, RoomCode, RoomName, Sealed, SendBody, ServerFrame, Text,
    Username, decode_client, decode_server, encode,
};

/// Characters of the longest message that a server may be told to take.
const CHARS_MAX: usize = 16_000;

/// A text is a frame or a mistake, for either side; what was read is written as the same frame.
pub(crate) fn frame(text: &str) {
    match decode_client(text) {
        Ok(frame) => {
            assert_eq!(decode_client(&encode(&frame)), Ok(frame.clone()));
            fields(&frame);
        }
        Err(error) => assert_eq!(error.code, ErrorCode::BadFrame),
    }
    match decode_server(text) {
        Ok(ServerFrame::Unknown) | Err(_) => {}
        Ok(frame) => assert_eq!(decode_server(&encode(&frame)), Ok(frame)),
    }
    typed(text);
}

/// The longest fields that a person fills go through the door, as the server has them.
fn fields(frame: &ClientFrame) {
    if let ClientFrame::Send(message) = frame {
        typed(&message.room);
        match &message.body {
            SendBody::Text(text) | SendBody::Sealed(text) => typed(text),
        }
    }
    if let ClientFrame::Whisper(whisper) = frame {
        typed(&whisper.room);
        typed(&whisper.text);
    }
    if let ClientFrame::Join { code, pin, invite, .. } = frame {
        typed(code);
        typed(pin.as_deref().unwrap_or_default());
        typed(invite.as_deref().unwrap_or_default());
    }
}

/// Whatever a person types is what it claims to be, or refused; what was taken once is taken again, unchanged.
pub(crate) fn typed(text: &str) {
    if let Ok(code) = RoomCode::parse(text) {
        assert_eq!(RoomCode::parse(code.as_str()), Ok(code));
        assert_eq!(RoomCode::parse(&code.dashed()), Ok(code));
    }
    if let Ok(name) = DisplayName::parse(text) {
        assert!(!name.as_str().contains(['<', '>', '"', '\'', '\n']), "is on one line, and no markup");
        assert_eq!(DisplayName::parse(name.as_str()), Ok(name));
    }
    if let Ok(name) = RoomName::parse(text) {
        assert_eq!(RoomName::parse(name.as_str()), Ok(name));
    }
    if let Ok(name) = Username::parse(text) {
        assert_eq!(Username::parse(name.as_str()).map(|again| again.folded()), Ok(name.folded()));
    }
    let _ = (Pin::parse(text).map(|pin| pin.as_bytes().len()), Password::parse(text).is_ok());
    if let Ok(said) = Text::parse(text, CHARS_MAX) {
        assert_eq!(said.as_str(), text.trim());
    }
    if let Ok(sealed) = Sealed::parse(text, CHARS_MAX) {
        assert_eq!((sealed.as_str(), encode(&sealed)), (text, format!("\"{text}\"")));
    }
}
