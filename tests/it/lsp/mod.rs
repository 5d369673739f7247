//! The language server as an editor meets it: the real binary, over its standard input and output.

mod client;
mod neovim;
mod protocol;
mod same;
