//! The server, part by part.

#[cfg(test)]
mod audit_log;
#[cfg(test)]
mod commands;
#[cfg(test)]
mod config;
#[cfg(test)]
mod durability;
#[cfg(test)]
mod http;
#[cfg(test)]
mod node;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod wire;
