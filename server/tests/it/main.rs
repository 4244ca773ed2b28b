//! The promises of the server, each shown over real sockets: one binary, one module a subject.
//!
//! The names say what is promised. `rN_` in front of a name is the number of the hole in a peer system that the test
//! guards against. Nothing here sleeps and hopes: every wait is for a condition and has a deadline.

mod harness;

mod accounts;
mod admission;
mod api_description;
mod applications;
mod apps_examples;
mod burning;
mod canary;
mod changes;
mod clock;
mod config;
mod conformance;
mod delivery;
mod dialect;
mod disk;
mod event_log;
mod exposure;
mod faults;
mod flooding;
mod following;
mod forms;
mod framing;
mod fuzz;
mod guessing;
mod hello;
mod invites;
mod life_cycle;
mod lines;
mod liveness;
mod lobby;
mod logins;
mod memory;
mod metrics;
mod moving;
mod nodes;
mod operating;
mod operators;
mod origins;
mod output;
mod pages;
mod pipelining;
mod powers;
mod presence;
mod problems;
mod proxies;
mod receipts;
mod renewal;
mod resume;
mod room_life;
mod room_task;
mod schema;
mod sealed;
mod seats;
mod shutdown;
mod slow;
mod socketio;
mod tidy;
mod tls;
mod transcripts;
mod typing;
mod vectors;
mod whispers;
