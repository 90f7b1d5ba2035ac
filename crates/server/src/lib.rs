//! The `strongroom` server: everything between the socket and the operations.
//!
//! The binary is thin; its parts live here so that tests can drive them one by
//! one. `http` accepts requests and sets their limits, `tls` keeps the
//! certificates, `audit` makes records durable, `config` reads the operator's
//! wishes; `hardening`, `log` and `shutdown` are the process's manners.

pub mod audit;
pub mod hardening;
pub mod http;
pub mod log;
pub mod shutdown;
pub mod tls;
