//! A client's goodbye.

use super::client::{Session, Socket};
use super::{Pace, Target};

#[tokio::test]
async fn a_close_by_polling_ends_the_poll_and_the_session() {
    for target in Target::all(Pace::Calm).await {
        // Which of the two requests is met first is the system's choice: tried until it is the poll.
        for tried in 1.. {
            assert!(tried < 20, "{}: no poll was met before the close", target.label());
            let session = Session::open(&target).await;
            let ask = session.poll_ask();
            let (polled, ()) = tokio::join!(ask.send(target.addr), session.posts("1"));
            session.is_over().await;
            if polled.status == 200 {
                assert_eq!(polled.text(), "6", "{}", target.label());
                break;
            }
            assert_eq!(polled.status, 400, "{}", target.label());
        }
    }
}

#[tokio::test]
async fn a_close_by_websocket_ends_the_session() {
    for target in Target::all(Pace::Calm).await {
        let (mut socket, _) = Socket::session(&target).await;
        socket.send("1").await;
        assert!(socket.ends().await.is_empty(), "{}", target.label());
    }
}

#[tokio::test]
async fn a_line_that_closes_takes_its_session_along() {
    for target in Target::all(Pace::Calm).await {
        let session = Session::open(&target).await;
        let mut socket = session.probed().await;
        socket.send("5").await;
        socket.close().await;
        crate::harness::poll("the session is over", async || session.upgrade().await.err()).await;
        session.is_over().await;
    }
}

#[tokio::test]
async fn nothing_follows_a_close() {
    let target = Target::engine_io(Pace::Calm).await;
    let (mut socket, _) = Socket::session(&target).await;
    socket.send_at_once(&["4before", "1", "4after"]).await;
    let before = socket.ends().await;
    assert!(before.iter().all(|packet| packet == "4before"), "{before:?}");
}
