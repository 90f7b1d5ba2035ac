use super::Failure;
use crate::routes;

/// `strongroom shapes`
#[expect(clippy::print_stdout, reason = "the output of the command")]
pub(super) fn run() -> Result<(), Failure> {
    println!("{}", routes::describe());
    Ok(())
}
