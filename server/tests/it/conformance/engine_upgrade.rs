//! From polling to WebSocket: the probe, what polls see meanwhile, and what is left of the polls afterwards.

use super::client::{Came, Session, Socket};
use super::{Pace, Target};

#[tokio::test]
async fn a_session_goes_over_to_its_websocket() {
    for target in Target::all(Pace::Calm).await {
        let session = Session::open(&target).await;
        let mut socket = session.probed().await;
        // Its poll is let go, so that the client can stop polling.
        assert_eq!(session.poll().await, "6", "{}", target.label());
        socket.send("5").await;
        if target.path == "/engine.io/" {
            socket.send("4hello").await;
            socket.hears("4hello").await;
        }
    }
}

#[tokio::test]
async fn a_poll_that_waits_when_the_probe_comes_is_let_go() {
    for target in Target::all(Pace::Calm).await {
        let session = Session::open(&target).await;
        let (polled, mut socket) = tokio::join!(session.poll(), session.probed());
        assert_eq!(polled, "6", "{}", target.label());
        socket.send("5").await;
        crate::harness::poll("it has gone over", async || {
            (session.poll_ask().send(target.addr).await.status == 400).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn requests_of_a_session_that_went_over_are_refused() {
    for target in Target::all(Pace::Calm).await {
        let session = Session::open(&target).await;
        let mut socket = session.probed().await;
        socket.send("5").await;
        crate::harness::poll("it has gone over", async || {
            (session.poll_ask().send(target.addr).await.status == 400).then_some(())
        })
        .await;
        target.refuses(session.post_ask(b"4x"), "a body").await;
        if target.path == "/engine.io/" {
            socket.send("4hello").await;
            socket.hears("4hello").await;
        }
    }
}

#[tokio::test]
async fn a_second_websocket_of_a_session_that_went_over_is_closed() {
    for target in Target::all(Pace::Calm).await {
        let session = Session::open(&target).await;
        let mut socket = session.probed().await;
        socket.send("5").await;
        if target.path == "/engine.io/" {
            socket.send("4hello").await;
            socket.hears("4hello").await;
        }
        match session.upgrade().await {
            Ok(mut second) => assert!(second.ends().await.is_empty(), "{}", target.label()),
            Err(status) => assert_eq!(status, 400, "{}", target.label()),
        }
        if target.path == "/engine.io/" {
            socket.send("4still here").await;
            socket.hears("4still here").await;
        }
    }
}

#[tokio::test]
async fn what_was_posted_before_the_upgrade_comes_once() {
    let target = Target::engine_io(Pace::Calm).await;
    let session = Session::open(&target).await;
    session.posts("4before").await;
    let mut socket = session.probed().await;
    let polled = session.poll().await;
    socket.send("5").await;
    socket.send("4after").await;
    let mut heard: Vec<String> = polled.split('\x1e').filter(|packet| *packet != "6").map(str::to_owned).collect();
    while heard.last().is_none_or(|packet| packet != "4after") {
        heard.push(socket.text().await);
    }
    assert_eq!(heard, ["4before", "4after"]);
}

#[tokio::test]
async fn a_probe_that_fails_costs_the_session_nothing() {
    for target in Target::all(Pace::Calm).await {
        for said in [&[] as &[&str], &["2probe"], &["4hello"], &["2probe", "4hello"]] {
            let session = Session::open(&target).await;
            let mut socket = session.upgrade().await.expect("is let in");
            for packet in said {
                socket.try_send(packet).await;
            }
            drop(socket);
            if target.path == "/engine.io/" {
                session.posts("4still here").await;
                let mut heard = String::from("6");
                while heard == "6" {
                    heard = session.poll().await;
                }
                assert_eq!(heard, "4still here");
            } else {
                session.posts("40").await;
                let mut heard = String::from("6");
                while heard == "6" {
                    heard = session.poll().await;
                }
                assert!(heard.starts_with('4'), "{}: {heard}", target.label());
            }
        }
    }
}

#[tokio::test]
async fn a_session_by_websocket_has_no_polls() {
    for target in Target::all(Pace::Calm).await {
        let (mut socket, handshake) = Socket::session(&target).await;
        let sid = handshake["sid"].as_str().expect("a sid");
        target.refuses(target.get(&format!("EIO=4&transport=polling&sid={sid}")), "a poll").await;
        if target.path == "/engine.io/" {
            socket.send("4hello").await;
            assert_eq!(socket.next().await, Came::Text("4hello".to_owned()));
        }
    }
}
