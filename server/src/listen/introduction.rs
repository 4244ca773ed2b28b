//! Whose line it is that a proxy brings: the PROXY protocol's header, read off a line before anything else is.

use std::io;
use std::net::SocketAddr;
use std::sync::Once;

use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

use crate::proxy_protocol::{Header, read};

/// Most headers.
const USUAL_BYTES: usize = 64;

/// Takes the header and nothing of what is behind it. Answers who is behind the proxy; `None`: the proxy itself, or
/// somebody without an address.
///
/// # Errors
/// It does not come, or is none.
pub(super) async fn introduction(stream: &mut TcpStream) -> io::Result<Option<SocketAddr>> {
    let mut bytes = Vec::with_capacity(USUAL_BYTES);
    loop {
        match read(&bytes) {
            Ok(Header::Whole(source)) => return Ok(source),
            Ok(Header::More(more)) => {
                let more = u64::try_from(more).unwrap_or(u64::MAX);
                if (&mut *stream).take(more).read_buf(&mut bytes).await? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            Err(_) => {
                warn_once();
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
    }
}

/// Whoever may open such lines could fill the log otherwise.
fn warn_once() {
    static WARNED: Once = Once::new();
    WARNED.call_once(|| {
        tracing::warn!(
            "a line from a network of --proxy-protocol did not begin with the PROXY protocol and was closed: have the \
             proxy send it (HAProxy: send-proxy-v2 behind the server's address), or take the network off the option"
        );
    });
}
