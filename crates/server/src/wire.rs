//! The protocols that AWS's services speak, as thin as they can be.
//!
//! A protocol finds the route of a request and writes answers and errors. All
//! else is the same for every protocol and stands in `pipeline.rs`.

pub mod aws_json;
