//! Derives the decoding, validation and audit view of an operation's shapes.
//!
//! A shape is written once, as a struct in the operation's own file:
//!
//! ```ignore
//! #[derive(Input)]
//! pub struct GetSecretValueInput {
//!     #[shape(length(1, 2048))]
//!     pub secret_id: String,
//!     #[shape(length(32, 64))]
//!     pub version_id: Option<String>,
//! }
//! ```
//!
//! A member is required unless it is an `Option`. Its name on the wire is the
//! field's in Pascal case, its name in records and validation messages the
//! same with a small first letter; `#[shape(name = "ARN")]` says otherwise.
//!
//! | attribute | meaning |
//! | --- | --- |
//! | `length(min, max)` | characters of a string, bytes of a blob, items of a list |
//! | `range(min, max)` | bounds of a number |
//! | `pattern("…")` | expression that the whole string must match |
//! | `each(…)` | the same three for the items of a list |
//! | `name = "…"` | the name on the wire |
//! | `masked` | `****` in the audit record, as AWS has it there |
//! | `unrecorded` | left out of the audit record although not secret |
//!
//! The traits behind it are in `strongroom-services`, `shape.rs`; only that
//! crate can use these derives.

mod attributes;
mod input;
mod output;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Implements `crate::shape::Shape` for a struct with named fields.
#[proc_macro_derive(Input, attributes(shape))]
pub fn derive_input(item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as DeriveInput);
    input::expand(&item)
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}

/// Implements `crate::shape::Emit` for a struct with named fields.
#[proc_macro_derive(Output, attributes(shape))]
pub fn derive_output(item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as DeriveInput);
    output::expand(&item)
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}
