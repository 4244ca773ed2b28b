//! Against a real server: `redis-server` of the search path, started on a free port for each test.

mod checker;
mod faults;
mod places;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chat::ChannelId;
use test_engine::Engine;

use super::{RedisAddress, RedisBroker};
use crate::broker::conformance::{Nodes, QUEUE_MAX, broker_conformance, event};
use crate::broker::{Broker, Brought};

/// Nodes of the deployment that the suite is run on.
const NODES: usize = 3;

pub(super) fn address(at: SocketAddr) -> RedisAddress {
    RedisAddress::parse(&format!("redis://{at}")).expect("is an address")
}

async fn make() -> (Nodes, Engine) {
    let engine = Engine::start().await;
    let node = |_| -> Arc<dyn Broker> { Arc::new(RedisBroker::start(address(engine.at()), "tests", QUEUE_MAX)) };
    let nodes: Nodes = (0..NODES).map(node).collect();
    together(&nodes).await;
    (nodes, engine)
}

/// Until they hear each other: on a busy machine the first attempt to connect may come too late.
async fn together(nodes: &Nodes) {
    let room = ChannelId([255; 16]);
    let hear_one = async || {
        let mut subscriptions: Vec<_> = nodes.iter().map(|node| node.subscribe(room)).collect();
        for subscription in &mut subscriptions {
            subscription.ready().await;
        }
        let published = nodes[0].publish(room, event(0));
        let mut heard = published.is_ok();
        for subscription in &mut subscriptions {
            let next = tokio::time::timeout(Duration::from_secs(1), subscription.recv()).await;
            heard &= matches!(next, Ok(Some(Brought::Event(_))));
        }
        heard
    };
    let waiting = async { while !hear_one().await {} };
    tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("they hear each other in time");
    for node in nodes {
        node.unsubscribe(room);
    }
}

broker_conformance!(make);
