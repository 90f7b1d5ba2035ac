//! The `strongroom` binary.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A read makes some hundred small allocations; the C library's allocator
/// takes a tenth of its time for them.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    strongroom::commands::main()
}
