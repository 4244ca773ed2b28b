//! What the protocol documents of Engine.IO 4 and Socket.IO 5 ask of a server, one test a case, against the pure machines and
//! a clock that only the tests move. The cases of the official suites are all among them, in words of this project.

mod bodies;
mod engine_io;
mod properties;
mod server;
mod socket_io;
