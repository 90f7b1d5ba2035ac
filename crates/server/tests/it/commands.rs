//! The command line: the real binary, asked as an operator asks it.

mod dev;
mod server;
mod store;
