//! The suite that every store passes, on a real server, each case in a database of its own; and what only a server on
//! the other end of a line can get wrong.

mod away;

use std::io::Write as _;
use std::sync::Arc;

use mongodb::Client;
use proptest::prelude::{ProptestConfig, Strategy as _};
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use super::{MongoStore, MongoUri};
use crate::store::conformance::sequences;
use crate::store::memory::MemoryStore;
use crate::store::{SharedStore, Store as _};

/// The server to test with, or `None` where there is none, which is an error where nobody reads warnings.
pub(super) fn server() -> Option<String> {
    let named = std::env::var("TEST_MONGODB_URI").ok().filter(|uri| !uri.is_empty());
    if named.is_none() {
        assert!(
            std::env::var_os("CI").is_none(),
            "TEST_MONGODB_URI names no server: `cargo xtask test` finds or makes one"
        );
        // Past the runner, which hides what a test prints that passes.
        let told = "WARNING: no test of MongoDB: TEST_MONGODB_URI names no server; type: cargo xtask test\n";
        std::io::stderr().write_all(told.as_bytes()).expect("standard error can be written");
    }
    named
}

/// A database of this test's own, gone with it.
pub(super) struct Scratch {
    server: String,
    name: String,
}

impl Scratch {
    pub(super) fn new(server: &str) -> Self {
        let name = format!("ws_test_{}", u64::from_be_bytes(realtime::clock::random()));
        Self { server: server.to_owned(), name }
    }

    pub(super) fn uri(&self) -> MongoUri {
        let (base, options) = self.server.split_at(self.server.find('?').unwrap_or(self.server.len()));
        let (scheme, rest) = base.split_once("://").expect("is an address");
        let hosts = rest.split('/').next().unwrap_or_default();
        MongoUri::parse(&format!("{scheme}://{hosts}/{}{options}", self.name)).expect("is an address")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        let dropping = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("there are threads");
            runtime.block_on(async {
                if let Ok(client) = Client::with_uri_str(&server).await {
                    // Left behind, it is in nobody's way.
                    let _ = client.database(&name).drop().await;
                }
            });
        });
        let _ = dropping.join();
    }
}

/// Where there is no server the cases run on the reference: their names stay, and `server` has said so.
async fn make() -> (SharedStore, Option<Scratch>) {
    let Some(server) = server() else {
        return (Arc::new(MemoryStore::new()), None);
    };
    let scratch = Scratch::new(&server);
    (Arc::new(MongoStore::open(scratch.uri()).await), Some(scratch))
}

crate::store_conformance!(make);

/// Sequences in one database, emptied in between: making one takes longer than using it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_calls_are_answered_as_by_the_reference() {
    let Some(server) = server() else {
        return;
    };
    let scratch = Scratch::new(&server);
    let store = MongoStore::open(scratch.uri()).await;
    let mut runner = TestRunner::new(ProptestConfig::default());
    for _ in 0..24 {
        let steps = sequences::steps().new_tree(&mut runner).expect("steps can be made").current();
        sequences::assert_alike(&MemoryStore::new(), &store, &steps).await;
        let link = store.server.link().expect("the server answers");
        link.users.delete_many(mongodb::bson::doc! {}).await.expect("is emptied");
        link.rooms.delete_many(mongodb::bson::doc! {}).await.expect("is emptied");
    }
}

/// Two servers that start at once, and one that starts again, find the indexes and keep them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn indexes_are_made_once_however_often_one_starts() {
    let Some(server) = server() else {
        return;
    };
    let scratch = Scratch::new(&server);
    let (one, two) = tokio::join!(MongoStore::open(scratch.uri()), MongoStore::open(scratch.uri()));
    let three = MongoStore::open(scratch.uri()).await;
    for store in [&one, &two, &three] {
        store.ping().await.expect("the server answers");
    }
    let link = three.server.link().expect("the server answers");
    let mut names = link.users.list_index_names().await.expect("are listed");
    names.extend(link.rooms.list_index_names().await.expect("are listed"));
    names.sort();
    assert_eq!(names, ["_id_", "_id_", "by_code", "by_end", "by_end", "by_member", "by_name"]);
}
