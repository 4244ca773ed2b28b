//! What `whisperspace admin` is asked for.

/// What is done with the operators of the page `/admin`.
#[derive(clap::Subcommand, Clone)]
pub enum Admin {
    /// Makes an operator, or gives one another password: the first line of standard input
    Add {
        /// What they are called, by the rules of accounts' names
        name: String,
    },
    /// Takes one away, and signs them out
    Remove {
        /// What they are called
        name: String,
    },
    /// Names them
    List,
}

impl std::fmt::Debug for Admin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Admin(…)")
    }
}
