//! What the program does instead of serving.

use std::path::PathBuf;

use super::admin::Admin;

/// A variable that is not an option of the server.
pub(super) const MIGRATE_TO: &str = "WHISPERSPACE_MIGRATE_TO";

/// What the program does instead of serving.
#[derive(clap::Subcommand, Clone)]
pub enum Command {
    /// Looks after the database
    #[command(subcommand)]
    Db(Db),
    /// Looks after the files of applications (--apps)
    #[command(subcommand)]
    Apps(Apps),
    /// Looks after those who may use the page /admin
    #[command(subcommand)]
    Admin(Admin),
    /// Asks the server of this configuration whether it is ready; exits with 0 where it is and with 1 where not
    Health,
    /// Writes a configuration with every option and limit, and what each means
    Init {
        /// Where to; a file that is there stays as it is
        #[arg(value_name = "FILE", default_value = "whisperspace.toml")]
        file: PathBuf,
    },
    /// Prints the manual page, for `man -l`
    Man,
    /// Prints what a shell reads to complete the options
    Completions {
        /// Of which shell
        shell: clap_complete::Shell,
    },
    /// Tries this very program on this machine, and exits
    Selftest {
        /// Talks over every transport and looks for what was typed in the memory of the server (Linux only)
        #[arg(long, required = true)]
        memory: bool,
    },
}

/// What is done with the database.
#[derive(clap::Subcommand, Clone)]
pub enum Db {
    /// Reads every record, counts, and names what is not as the program writes it
    Check,
    /// Prints the tables, or the collections and indexes
    ExportSchema,
    /// Copies people, rooms, the secret and the operators into a folder; the server may run meanwhile
    Backup {
        /// The folder: empty, or not there yet
        #[arg(value_name = "FOLDER")]
        folder: PathBuf,
    },
    /// Copies every user and room into an empty database, and compares; the server should not run meanwhile
    Migrate {
        /// Where to, as for --database
        #[arg(env = MIGRATE_TO, hide_env_values = true)]
        to: String,
    },
}

/// What is done with the files of applications.
#[derive(clap::Subcommand, Clone)]
pub enum Apps {
    /// Reads every file of a folder, and names each mistake with its file and line
    Check {
        /// The folder
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// Draws an API key: prints it once, and the line for the application's file
    Key {
        /// The application's name
        name: String,
    },
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Command(…)")
    }
}

impl std::fmt::Debug for Apps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Apps(…)")
    }
}

/// It may hold an address with a password.
impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Db(…)")
    }
}
