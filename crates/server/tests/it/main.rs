//! The server, part by part.

#[cfg(test)]
mod audit_log;
#[cfg(test)]
mod config;
#[cfg(test)]
mod http;
#[cfg(test)]
mod tls;
