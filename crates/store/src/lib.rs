//! An ordered key-value store with serializable transactions, sealed.
