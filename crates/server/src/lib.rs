//! The `strongroom` server: everything between the socket and the operations.
//!
//! The binary is thin; its parts live here so that tests can drive them one by
//! one. `http` accepts requests and sets their limits, `tls` keeps the
//! certificates; `pipeline` is the way of a request, `wire` the protocols,
//! `authn` who sent it, `routes` where it goes; `audit` makes records durable
//! and `outbox` brings it those of changes; `events` tells others of them, `rules` watches,
//! `function_host` runs users' functions, `functions` calls those that are endpoints,
//! `metrics` counts; `app` puts the node together,
//! `admin` looks after its store, `commands` are the command line;
//! `hardening`, `log` and `shutdown` are the process's manners.

pub mod admin;
pub mod app;
pub mod audit;
pub mod authn;
pub mod commands;
pub mod config;
mod databases;
pub mod events;
pub mod function_host;
pub mod functions;
pub mod hardening;
pub mod http;
pub mod log;
mod metrics;
pub mod outbound;
pub mod outbox;
pub mod pipeline;
pub mod routes;
pub mod rules;
pub mod shutdown;
pub mod tls;
pub mod wire;
