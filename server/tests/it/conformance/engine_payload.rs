//! Messages: what a body may hold, what a frame may hold, and what ends a session.

use super::client::{Came, Session, Socket};
use super::{Pace, Target};

#[tokio::test]
async fn a_body_of_one_packet_comes_back() {
    let target = Target::engine_io(Pace::Calm).await;
    let session = Session::open(&target).await;
    for message in ["4hello", "4", "4é😀", "4{\"a\":[1,2]}"] {
        session.posts(message).await;
        assert_eq!(session.poll().await, message);
    }
}

#[tokio::test]
async fn a_body_of_several_packets_comes_back_in_order() {
    let target = Target::engine_io(Pace::Calm).await;
    let session = Session::open(&target).await;
    session.posts("4test1\x1e4test2\x1e4test3").await;
    assert_eq!(session.poll().await, "4test1\x1e4test2\x1e4test3");
}

#[tokio::test]
async fn packets_of_several_bodies_wait_for_one_poll() {
    let target = Target::engine_io(Pace::Calm).await;
    let session = Session::open(&target).await;
    session.posts("4one").await;
    session.posts("4two").await;
    assert_eq!(session.poll().await, "4one\x1e4two");
}

#[tokio::test]
async fn text_and_base64_share_a_body() {
    let target = Target::engine_io(Pace::Calm).await;
    let session = Session::open(&target).await;
    session.posts("4hello\x1ebAQIDBA==").await;
    assert_eq!(session.poll().await, "4hello\x1ebAQIDBA==");
}

#[tokio::test]
async fn a_poll_without_news_waits_for_some() {
    let target = Target::engine_io(Pace::Calm).await;
    let session = Session::open(&target).await;
    let waiting = session.poll();
    let (news, ()) = tokio::join!(waiting, session.posts("4later"));
    assert_eq!(news, "4later");
}

#[tokio::test]
async fn a_body_that_is_no_payload_ends_the_session() {
    for target in Target::all(Pace::Calm).await {
        for body in ["abc", "9", "b!!!!", "\x1e"] {
            let session = Session::open(&target).await;
            let answer = session.post(body).await;
            assert_eq!(answer.status, 400, "{} {body:?}", target.label());
            session.is_over().await;
        }
        let session = Session::open(&target).await;
        let answer = session.post_ask(b"4\xff\xfe").send(target.addr).await;
        assert_eq!(answer.status, 400, "{}: no UTF-8", target.label());
        session.is_over().await;
    }
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused() {
    for target in Target::all(Pace::Calm).await {
        let session = Session::open(&target).await;
        let size = usize::try_from(target.payload_bytes_max).expect("fits in memory");
        let body = format!("4{}", "x".repeat(size));
        let answer = session.post_ask(body.as_bytes()).try_send(target.addr).await;
        assert!(answer.is_err() || answer.is_ok_and(|answer| matches!(answer.status, 400 | 413)), "{}", target.label());
    }
}

#[tokio::test]
async fn a_body_as_large_as_is_allowed_is_taken() {
    let target = Target::engine_io(Pace::Calm).await;
    let session = Session::open(&target).await;
    let size = usize::try_from(target.payload_bytes_max).expect("fits in memory");
    let body = format!("4{}", "x".repeat(size - 1));
    session.posts(&body).await;
    assert!(session.poll().await == body);
}

#[tokio::test]
async fn two_polls_at_once_end_the_session() {
    for target in Target::all(Pace::Calm).await {
        let session = Session::open(&target).await;
        let ask = session.poll_ask();
        let (one, two) = tokio::join!(ask.send(target.addr), ask.send(target.addr));
        let (waited, came) = if one.status == 200 { (one, two) } else { (two, one) };
        assert_eq!((waited.status, &*waited.text()), (200, "1"), "{}: the one that waited", target.label());
        assert!(matches!(came.status, 400 | 500), "{}: {}", target.label(), came.status);
        session.is_over().await;
    }
}

#[tokio::test]
async fn a_poll_that_is_cut_ends_the_session() {
    for target in Target::all(Pace::Calm).await {
        let session = Session::open(&target).await;
        let ask = session.poll_ask();
        let waiting = tokio::time::timeout(std::time::Duration::from_millis(300), ask.send(target.addr));
        assert!(waiting.await.is_err(), "{}: a poll without news waits", target.label());
        let over = crate::harness::poll("the cut is noticed", async || {
            let answer = session.poll_ask().send(target.addr).await;
            (answer.status == 400).then_some(())
        });
        over.await;
    }
}

#[tokio::test]
async fn a_frame_of_one_packet_comes_back() {
    let target = Target::engine_io(Pace::Calm).await;
    let (mut socket, _) = Socket::session(&target).await;
    for message in ["4hello", "4", "4é😀", "4\x1e4"] {
        socket.send(message).await;
        socket.hears(message).await;
    }
}

#[tokio::test]
async fn a_binary_frame_comes_back_as_it_is() {
    let target = Target::engine_io(Pace::Calm).await;
    let (mut socket, _) = Socket::session(&target).await;
    for bytes in [&[1, 2, 3, 4][..], &[4], &[0xff, 0xfe]] {
        socket.binary(bytes).await;
        assert_eq!(socket.next().await, Came::Binary(bytes.to_vec()));
    }
}

#[tokio::test]
async fn a_frame_that_is_no_packet_ends_the_session() {
    for target in Target::all(Pace::Calm).await {
        for packet in ["abc", "9", "x"] {
            let (mut socket, _) = Socket::session(&target).await;
            socket.send(packet).await;
            socket.ends().await;
        }
    }
}

#[tokio::test]
async fn a_frame_beyond_the_limit_ends_the_session() {
    for target in Target::all(Pace::Calm).await {
        let (mut socket, _) = Socket::session(&target).await;
        let size = usize::try_from(target.payload_bytes_max).expect("fits in memory");
        let mut sent = format!("4{}", "x".repeat(size));
        sent.push('x');
        socket.try_send(&sent).await;
        socket.ends().await;
    }
}
