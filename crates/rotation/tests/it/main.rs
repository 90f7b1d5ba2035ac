//! Rotations of real databases.

#[cfg(test)]
mod home;
#[cfg(test)]
mod mariadb;
#[cfg(test)]
mod postgresql;
#[cfg(test)]
mod redis;
#[cfg(test)]
#[path = "../support/servers.rs"]
mod servers;
