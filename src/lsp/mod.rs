//! The language server: what `seqscan lsp` says to an editor over standard input and output.
//!
//! One thread ([`server`]) reads messages and answers them; it never works. Each project has a thread of its own
//! ([`worker`]) that holds the same [`Session`](crate::engine::Session) as the command line, takes up what has changed
//! and gives what is then known. A question about a document waits until its project knows the document's text, so
//! that no answer is about another text; findings of a project that is known in part are not shown at all, because
//! more knowledge may also take one away.

mod actions;
mod changes;
mod client;
mod diagnostics;
mod documents;
mod hover;
mod lifecycle;
mod paths;
mod positions;
mod projects;
mod publish;
mod requests;
mod server;
mod settings;
mod transport;
mod worker;

use std::io::{self, Write};

use server::Server;
use transport::Transport;

/// Serves one client over standard input and output until it leaves. The exit code: 0 if it said that it would, 1 if
/// it just went away.
pub fn run() -> u8 {
    let Transport { sender, receiver, threads } = Transport::stdio();
    // Where nobody reads what is written, nobody may end the reading either.
    let Some(code) = Server::new(sender).run(&receiver) else { return 1 };
    match threads.join() {
        Ok(()) => code,
        Err(error) => {
            // Nobody is left to tell if this fails too.
            let _ = writeln!(io::stderr(), "error: {error}");
            1
        }
    }
}
