//! The suite that every backend passes, and what only a file can suffer.

mod backup;
mod crash;
mod damage;
mod disk;
mod exercise;
mod faults;
mod seal;
mod support;
