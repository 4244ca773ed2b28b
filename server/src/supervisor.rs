//! Tells a supervisor how far the server is: systemd's `Type=notify` (`sd_notify`), by a datagram to the socket that the
//! process was given. Whoever gave none is told nothing.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::UnixDatagram;

/// It serves.
pub const READY: &str = "READY=1";
/// It says goodbye.
pub const STOPPING: &str = "STOPPING=1";

/// Who does not hear it has an end of its own to see.
pub fn tell(at: Option<&OsStr>, news: &str) {
    if let Some(at) = at {
        let _ = send(at, news.as_bytes());
    }
}

fn send(at: &OsStr, news: &[u8]) -> io::Result<usize> {
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    #[cfg(target_os = "linux")]
    if let [b'@', name @ ..] = at.as_bytes() {
        // A name without a file.
        let at = <std::os::unix::net::SocketAddr as std::os::linux::net::SocketAddrExt>::from_abstract_name(name)?;
        return socket.send_to_addr(news, &at);
    }
    socket.send_to(news, at)
}
