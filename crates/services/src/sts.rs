//! The Security Token Service: sessions, and the credentials they are used
//! with.

pub mod packed;
pub mod session;
pub mod token;
