//! When secrets rotate, and how the credentials of databases are changed.
//!
//! [`schedule`] computes windows from AWS's expressions. [`Strategy`] is the
//! four steps of a rotation function; [`SingleUser`] and [`AlternatingUsers`]
//! are AWS's two ways, over any [`Engine`], and [`RedisUser`] is that of
//! ElastiCache. [`Template`] names them as AWS's templates are named.
//!
//! A strategy knows nothing of who calls it, and keeps nothing: it reads the
//! secret through [`Home`], talks to the database, and says what failed. It
//! may stop anywhere and be called again.
//!
//! To add a database, write its [`Engine`] and its lines in `template.rs`.
//! SQL Server, Oracle, Db2 and MongoDB are to follow; their layouts and
//! statements are in AWS's templates of the same names.

mod alternating_users;
mod credential;
mod document;
mod engine;
mod environment;
mod error;
mod home;
mod hosts;
mod mysql;
mod postgresql;
mod redis;
pub mod schedule;
mod single_user;
mod strategy;
mod template;
mod tls;

pub use alternating_users::AlternatingUsers;
pub use credential::{Credential, Layout, TlsRule};
pub use document::Document;
pub use engine::Engine;
pub use environment::{Environment, PasswordRules};
pub use error::{DatabaseError, StepError};
pub use home::{Description, Home};
pub use hosts::{Hosts, Permit};
pub use mysql::{MariaDb, MySql};
pub use postgresql::PostgreSql;
pub use redis::{Redis, RedisUser};
pub use single_user::SingleUser;
pub use strategy::{Call, Step, Strategy, run};
pub use template::Template;
pub use tls::Trust;
