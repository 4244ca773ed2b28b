//! What `whisperspace` does for an operator instead of serving, beside the database and applications: `health` asks a server
//! that runs, `init` writes a configuration to begin with, `papers` prints the manual page and the completions of shells.

pub mod health;
pub mod init;
pub mod papers;
