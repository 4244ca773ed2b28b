//! Where the server listens: at an address, at a Unix socket, or at one that a supervisor holds for it.
//!
//! Knows no limit and no protocol. Whatever is accepted is handed on as one kind of stream, so that what is behind has one
//! way for all: to the system a socket is a socket, and of TCP's own only the switch for small packets is used, which
//! another kind of socket refuses.

use std::fmt;
use std::fs::{File, Metadata, Permissions};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::net::{TcpListener, TcpSocket, TcpStream, UnixListener, UnixSocket, UnixStream};
use tokio::time::timeout;

/// Connections that wait to be accepted, so that a burst of them is not turned away; bounded by the system's
/// `net.core.somaxconn`.
const BACKLOG: u32 = 1_024;
/// For whoever is at a socket to take one more line; without it somebody is there all the same.
const ANSWER: Duration = Duration::from_secs(1);
const UNIX: &str = "unix:";

/// Where to listen.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub enum ListenAt {
    /// An address and port.
    Tcp(SocketAddr),
    /// A socket in a folder.
    Unix(PathBuf),
}

impl FromStr for ListenAt {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        if let Some(path) = text.strip_prefix(UNIX) {
            anyhow::ensure!(!path.is_empty(), "unix: takes the path of a socket, like unix:/run/whisperspace.sock");
            return Ok(Self::Unix(PathBuf::from(path)));
        }
        let address = text.parse().map_err(|_| {
            anyhow::anyhow!("'{text}' is neither an address and port like 127.0.0.1:3000 or [::]:3000, nor unix:PATH")
        })?;
        Ok(Self::Tcp(address))
    }
}

impl TryFrom<String> for ListenAt {
    type Error = anyhow::Error;

    fn try_from(text: String) -> anyhow::Result<Self> {
        text.parse()
    }
}

impl From<ListenAt> for String {
    fn from(at: ListenAt) -> Self {
        at.to_string()
    }
}

impl fmt::Display for ListenAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "{UNIX}{}", path.display()),
        }
    }
}

/// What lines come from.
#[derive(Debug)]
pub struct Listener {
    socket: Socket,
    /// Goes with it; none where a supervisor keeps the socket.
    _file: Option<SocketFile>,
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// A socket that is open already.
#[derive(Debug)]
pub enum Held {
    /// At an address.
    Tcp(std::net::TcpListener),
    /// In a folder.
    Unix(std::os::unix::net::UnixListener),
}

impl Listener {
    /// Takes the place. `mode`: who may connect to a Unix socket; without it the umask decides.
    ///
    /// # Errors
    /// Somebody is there, or it cannot be had.
    pub async fn bind(at: &ListenAt, mode: Option<u32>) -> io::Result<Self> {
        match at {
            ListenAt::Tcp(address) => Ok(bind_tcp(*address)?.into()),
            ListenAt::Unix(path) => {
                let (listener, file) = bind_unix(path, mode).await?;
                Ok(Self { socket: Socket::Unix(listener), _file: Some(file) })
            }
        }
    }

    /// At a socket that a supervisor holds, which stays when the server goes.
    ///
    /// # Errors
    /// It cannot be used.
    pub fn held(held: Held) -> io::Result<Self> {
        let socket = match held {
            Held::Tcp(listener) => {
                listener.set_nonblocking(true)?;
                Socket::Tcp(TcpListener::from_std(listener)?)
            }
            Held::Unix(listener) => {
                listener.set_nonblocking(true)?;
                Socket::Unix(UnixListener::from_std(listener)?)
            }
        };
        Ok(Self { socket, _file: None })
    }

    /// One line and who is at its other end. Who comes by a Unix socket has no address: that is this machine.
    pub(crate) async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        match &self.socket {
            Socket::Tcp(listener) => listener.accept().await,
            Socket::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                let stream = std::net::TcpStream::from(OwnedFd::from(stream.into_std()?));
                Ok((TcpStream::from_std(stream)?, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))))
            }
        }
    }

    /// Whether those who come have no address.
    pub const fn is_unix(&self) -> bool {
        matches!(self.socket, Socket::Unix(_))
    }

    /// Of an address.
    pub(crate) fn port(&self) -> Option<u16> {
        match &self.socket {
            Socket::Tcp(listener) => listener.local_addr().ok().map(|address| address.port()),
            Socket::Unix(_) => None,
        }
    }

    /// Where people, or their proxy, find the server.
    pub fn place(&self, is_https: bool) -> String {
        let scheme = if is_https { "https" } else { "http" };
        match &self.socket {
            Socket::Tcp(listener) => {
                listener.local_addr().map_or_else(|_| scheme.to_owned(), |address| format!("{scheme}://{address}"))
            }
            Socket::Unix(listener) => {
                let address = listener.local_addr().ok();
                let path = address.as_ref().and_then(|address| address.as_pathname()).unwrap_or(Path::new(""));
                format!("{UNIX}{}", path.display())
            }
        }
    }
}

impl From<TcpListener> for Listener {
    fn from(listener: TcpListener) -> Self {
        Self { socket: Socket::Tcp(listener), _file: None }
    }
}

fn bind_tcp(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // As everywhere: a server that was just stopped has left lines behind that are not quite over.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// A server that was killed leaves its socket: that one is replaced, where nobody answers on it.
async fn bind_unix(path: &Path, mode: Option<u32>) -> io::Result<(UnixListener, SocketFile)> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Of two that start at once one must not take the other's for a left one, before that listens.
    let folder = File::open(folder)?;
    let is_alone = folder.try_lock().is_ok();
    let mut socket = UnixSocket::new_stream()?;
    match socket.bind(path) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse && is_alone && is_left(path).await => {
            std::fs::remove_file(path)?;
            socket = UnixSocket::new_stream()?;
            socket.bind(path)?;
        }
        bound => bound?,
    }
    let file = SocketFile { path: path.to_owned(), id: id(&std::fs::symlink_metadata(path)?) };
    if let Some(mode) = mode {
        // Nobody can connect before it listens.
        std::fs::set_permissions(path, Permissions::from_mode(mode))?;
    }
    Ok((socket.listen(BACKLOG)?, file))
}

async fn is_left(path: &Path) -> bool {
    let is_socket = std::fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket());
    let refused = |error: io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
    is_socket && timeout(ANSWER, UnixStream::connect(path)).await.is_ok_and(|answer| answer.is_err_and(refused))
}

/// A socket's name in its folder, which goes when the server stops.
#[derive(Debug)]
struct SocketFile {
    path: PathBuf,
    id: (u64, u64),
}

fn id(file: &Metadata) -> (u64, u64) {
    (file.dev(), file.ino())
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Another server may have put its own there.
        if std::fs::symlink_metadata(&self.path).is_ok_and(|file| id(&file) == self.id) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::{ListenAt, Listener};

    #[test]
    fn a_place_is_printed_as_what_gives_it() {
        for text in ["127.0.0.1:3000", "[::]:80", "unix:/run/whisperspace.sock", "unix:here.sock"] {
            let at: ListenAt = text.parse().expect("is a place");
            assert_eq!(at.to_string(), text);
        }
        for text in ["", "nowhere", "127.0.0.1", "unix:", "/run/whisperspace.sock"] {
            text.parse::<ListenAt>().expect_err("is none");
        }
    }

    #[tokio::test]
    async fn a_left_socket_is_replaced_and_one_that_is_served_is_not() {
        let folder = tempfile::tempdir().expect("there is room for a temporary folder");
        let path = folder.path().join("chat.sock");
        let at = ListenAt::Unix(path.clone());
        let first = Listener::bind(&at, Some(0o660)).await.expect("nobody is there");
        let mode = std::fs::metadata(&path).expect("is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o660);
        let taken = Listener::bind(&at, None).await.map(drop).expect_err("somebody is there");
        assert_eq!(taken.kind(), std::io::ErrorKind::AddrInUse);
        drop(first);
        assert!(!path.exists(), "it goes with its server");
        // As after a kill: the name stays, and nobody is behind it.
        drop(std::os::unix::net::UnixListener::bind(&path).expect("nobody is there"));
        let second = Listener::bind(&at, None).await.expect("it is replaced");
        assert_eq!(second.place(false), format!("unix:{}", path.display()));
        // Another's is not taken away.
        std::fs::remove_file(&path).expect("is there");
        std::fs::write(&path, "a file").expect("can be written");
        drop(second);
        assert!(path.exists());
        Listener::bind(&at, None).await.map(drop).expect_err("a file is no socket that was left");
        assert_eq!(std::fs::read(&path).expect("is there"), b"a file");
    }
}
