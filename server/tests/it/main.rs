//! The promises of the server, each shown over real sockets: one binary, one module a subject.
//!
//! The names say what is promised. `rN_` in front of a name is the number of the hole in a peer system that the test
//! guards against. Nothing here sleeps and hopes: every wait is for a condition and has a deadline.

mod harness;

mod accounts;
mod admission;
mod canary;
mod config;
mod delivery;
mod exposure;
mod faults;
mod flooding;
mod forms;
mod framing;
mod fuzz;
mod hello;
mod life_cycle;
mod liveness;
mod logins;
mod moving;
mod operators;
mod origins;
mod pages;
mod pipelining;
mod presence;
mod problems;
mod resume;
mod room_life;
mod room_task;
mod schema;
mod seats;
mod shutdown;
mod slow;
mod socketio;
mod tidy;
mod typing;
mod vectors;
