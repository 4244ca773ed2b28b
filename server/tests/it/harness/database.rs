//! The database that the tests of this run use: the variable `TEST_DATABASE` names its kind, memory where it is missing.
//!
//! Each server gets one of its own; servers that share a folder share it, so that a test can stop one and start another.

use std::path::Path;

use mongodb::Client;
use server::config::Database;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

/// Where a server keeps its data for as long as this lives.
pub(crate) struct Scratch {
    pub(crate) database: Database,
    folder: Option<TempDir>,
    dropped: Option<(String, String)>,
}

/// The address of the server for the tests.
pub(crate) fn mongodb() -> String {
    std::env::var("TEST_MONGODB_URI").expect("TEST_MONGODB_URI names a server: `cargo xtask test` finds or makes one")
}

/// Whether this run is on a server.
pub(crate) fn is_mongodb() -> bool {
    std::env::var("TEST_DATABASE").is_ok_and(|kind| kind == "mongodb")
}

/// Puts the name of a database into the address of a server.
pub(crate) fn uri_of(server: &str, name: &str) -> String {
    let (base, options) = server.split_at(server.find('?').unwrap_or(server.len()));
    let (scheme, rest) = base.split_once("://").expect("is an address");
    let hosts = rest.split('/').next().unwrap_or_default();
    format!("{scheme}://{hosts}/{name}{options}")
}

impl Scratch {
    /// A fresh one of the kind of this run.
    pub(crate) fn fresh() -> Self {
        let kind = std::env::var("TEST_DATABASE").unwrap_or_else(|_| "memory".to_owned());
        match kind.as_str() {
            "memory" => Self { database: Database::Memory, folder: None, dropped: None },
            "sqlite" => {
                let folder = TempDir::new().expect("there is room for a temporary folder");
                let database = Database::Sqlite(folder.path().join("whisperspace.db"));
                Self { database, folder: Some(folder), dropped: None }
            }
            "mongodb" => Self::mongodb(),
            other => panic!("TEST_DATABASE takes memory, sqlite or mongodb, not {other}"),
        }
    }

    /// A fresh one on the server, whatever the kind of this run is.
    pub(crate) fn mongodb() -> Self {
        let (server, name) = (mongodb(), format!("ws_it_{}", u64::from_be_bytes(realtime::clock::random())));
        let database = Database::parse(&uri_of(&server, &name), Path::new("")).expect("is an address");
        Self { database, folder: None, dropped: Some((server, name)) }
    }

    /// The address of one on the server, with its name.
    pub(crate) fn uri(&self) -> String {
        let (server, name) = self.dropped.as_ref().expect("it is on the server");
        uri_of(server, name)
    }

    pub(crate) fn folder(&self) -> Option<&Path> {
        self.folder.as_ref().map(TempDir::path)
    }
}

/// The one of a folder: a file in it, or a database named after it.
pub(crate) fn of_folder(folder: &Path) -> Database {
    if !is_mongodb() {
        return Database::Sqlite(folder.join("whisperspace.db"));
    }
    let digest = Sha256::digest(folder.as_os_str().as_encoded_bytes());
    let name = u64::from_be_bytes(*digest.first_chunk().expect("SHA-256 has 32 bytes"));
    Database::parse(&uri_of(&mongodb(), &format!("ws_it_{name:016x}")), folder).expect("is an address")
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let Some((server, name)) = self.dropped.take() else {
            return;
        };
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
