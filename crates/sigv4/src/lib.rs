//! AWS Signature Version 4: parse, canonicalize, verify.
