//! Rotations of real databases.

mod home;
mod mariadb;
mod postgresql;
mod redis;
#[path = "../support/servers.rs"]
mod servers;
