//! Proxies that spoil requests: the operator is told once, with the line that mends it, and nobody's name or address.

use crate::harness::process::Folder;
use crate::harness::{Ask, poll};

/// Lines of the log that hold this, once there is one.
async fn told(folder: &Folder, words: &str) -> Vec<String> {
    poll(words, async || {
        let lines: Vec<_> = folder.stderr().lines().filter(|line| line.contains(words)).map(str::to_owned).collect();
        (!lines.is_empty()).then_some(lines)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_that_eats_upgrades_or_rewrites_hosts_is_told_of_once_with_the_remedy() {
    let folder = Folder::new();
    let server = folder.serve(&[]).await;
    for _ in 0..3 {
        // nginx without further ado: HTTP/1.0, no Upgrade, and the name of the upstream as the host.
        let socket = Ask::get("/ws").header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        let refused = socket.header("sec-websocket-version", "13").send(server.addr).await;
        assert!((400..500).contains(&refused.status), "{}", refused.status);
        let page = Ask::post("/api/v1/guest").origin("https://chat.example").header("x-forwarded-host", "chat.example");
        page.send(server.addr).await.assert_status(403);
    }
    let upgrade = told(&folder, "proxy_set_header Upgrade").await;
    let host = told(&folder, "--public-url").await;
    assert_eq!((upgrade.len(), host.len()), (1, 1), "{}", folder.stderr());
    assert!(!folder.stderr().contains("chat.example"), "{}", folder.stderr());
    assert!(server.terminate().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_at_another_address_than_the_public_one_is_told_of() {
    let folder = Folder::new();
    let server = folder.serve(&["--public-url=https://chat.example"]).await;
    let local = format!("http://{}", server.addr);
    for _ in 0..2 {
        Ask::post("/api/v1/guest").origin(&local).send(server.addr).await.assert_status(403);
    }
    let lines = told(&folder, "--allow-origin").await;
    assert_eq!(lines.len(), 1, "{}", folder.stderr());
    assert!(!folder.stderr().contains(&server.addr.to_string()), "{}", folder.stderr());
    assert!(server.terminate().await.success());
}
