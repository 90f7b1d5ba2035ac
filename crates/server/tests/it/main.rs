//! The server, part by part.

#[cfg(test)]
mod audit_log;
