//! The four applications of `server/apps` against the documents that they come from: each document's table
//! (`server/tests/apps`) is performed by the official Socket.IO client, with a backend that keeps its data in `SQLite`.

mod attacks;
mod backend;
mod canary;
mod clients;
mod keys;
mod performance;
mod running;
