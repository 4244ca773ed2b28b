//! `whisperspace health`: asks the server of this configuration whether people may be sent to it, for supervisors and
//! containers that have no other program to ask with.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context as _, bail};
use axum::body::{Body, to_bytes};
use axum::http::{StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use protocol::Problem;
use tokio::time::timeout;

/// For the whole question. The server takes two seconds at the most to find out.
const PATIENCE: Duration = Duration::from_secs(5);
/// A problem is shorter.
const ANSWER_BYTES_MAX: usize = 16 * 1024;

/// Asks `GET /readyz` where the configuration has the server listen; a sentence where it is ready.
///
/// # Errors
/// A sentence that says what is the matter.
pub async fn check(listen: SocketAddr) -> anyhow::Result<String> {
    let at = reachable(listen);
    let asked = timeout(PATIENCE, ask(at)).await;
    let Ok(answer) = asked else { bail!("the server at {at} does not answer") };
    let (status, body) =
        answer.with_context(|| format!("no server answers at {at}: does it run, and with this configuration?"))?;
    if status == StatusCode::OK {
        return Ok(format!("the server at {at} is ready\n"));
    }
    match serde_json::from_slice::<Problem>(&body) {
        Ok(problem) => bail!("the server at {at} is not ready: {}", problem.title),
        Err(_) => bail!("what listens at {at} is no WhisperSpace"),
    }
}

async fn ask(at: SocketAddr) -> anyhow::Result<(StatusCode, Vec<u8>)> {
    let uri: Uri = format!("http://{at}/readyz").parse()?;
    let client: Client<_, Body> = Client::builder(TokioExecutor::new()).build_http();
    let (head, body) = client.get(uri).await?.into_parts();
    Ok((head.status, to_bytes(Body::new(body), ANSWER_BYTES_MAX).await?.to_vec()))
}

/// Every address of a machine is none that can be asked: the server is there on the machine's own.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::reachable;

    #[test]
    fn every_address_is_asked_at_the_machines_own() {
        for (listen, asked) in [
            ("0.0.0.0:80", "127.0.0.1:80"),
            ("[::]:80", "[::1]:80"),
            ("192.0.2.1:3000", "192.0.2.1:3000"),
            ("[2001:db8::1]:1", "[2001:db8::1]:1"),
        ] {
            let listen = listen.parse().expect("is an address");
            assert_eq!(reachable(listen).to_string(), asked);
        }
    }
}
