//! The policy language seen from outside.

mod grammar;
