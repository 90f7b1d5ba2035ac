//! The command line: the real binary, asked as an operator asks it.

mod dev;
mod doctor;
mod server;
mod store;
