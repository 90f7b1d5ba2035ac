//! Derives the decoding, validation and audit view of an operation's shapes.
