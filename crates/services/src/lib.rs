//! The operations of the AWS services, and their domain.

pub mod shape;
