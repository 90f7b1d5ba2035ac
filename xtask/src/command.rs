use std::ffi::OsStr;
use std::fmt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

/// What stopped a chore, in a sentence for the person who ran it.
#[derive(Debug)]
pub(crate) struct Failure(String);

pub(crate) type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    pub(crate) fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `program` with `arguments`, to be run at `root`.
pub(crate) fn command<I, S>(root: &Path, program: impl AsRef<OsStr>, arguments: I) -> Command
where
    I: IntoIterator<Item = S>,
    S: AsRef<OsStr>,
{
    let mut command = Command::new(program);
    command.current_dir(root).args(arguments);
    command
}

/// The cargo that runs this program, or the one on the path.
pub(crate) fn cargo<I, S>(root: &Path, arguments: I) -> Command
where
    I: IntoIterator<Item = S>,
    S: AsRef<OsStr>,
{
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    command(root, cargo, arguments)
}

/// Runs `command`, its output going where ours goes.
///
/// # Errors
///
/// When it cannot be started or does not end with 0.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = status(command)?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "`{}` failed: {status}",
        line(command)
    )))
}

/// Runs `command` to its end, whatever that is.
///
/// # Errors
///
/// When it cannot be started.
pub(crate) fn status(command: &mut Command) -> Result<ExitStatus> {
    command
        .status()
        .map_err(|error| Failure::new(format!("cannot start `{}`: {error}", line(command))))
}

/// Runs `command` and returns what it printed on standard output.
///
/// # Errors
///
/// When it cannot be started, does not end with 0 (its standard error is in
/// the message) or prints something other than UTF-8.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command
        .output()
        .map_err(|error| Failure::new(format!("cannot start `{}`: {error}", line(command))))?;
    if !output.status.success() {
        let detail = String::from_utf8_lossy(&output.stderr);
        return Err(Failure::new(format!(
            "`{}` failed: {}",
            line(command),
            detail.trim()
        )));
    }
    String::from_utf8(output.stdout)
        .map_err(|_| Failure::new(format!("`{}` did not print UTF-8", line(command))))
}

/// Whether `command` can be started and ends with 0, silently.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The command as one would type it, near enough to recognise it.
fn line(command: &Command) -> String {
    let mut line = Path::new(command.get_program())
        .file_name()
        .unwrap_or(command.get_program())
        .to_string_lossy()
        .into_owned();
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_command_and_its_complaint() {
        let mut shell = command(Path::new("/"), "sh", ["-c", "echo no >&2; exit 3"]);
        let failure = output(&mut shell).unwrap_err().to_string();
        assert!(failure.starts_with("`sh -c "), "{failure}");
        assert!(failure.ends_with("failed: no"), "{failure}");
        assert!(
            run(&mut shell)
                .unwrap_err()
                .to_string()
                .contains("exit status: 3")
        );
    }

    #[test]
    fn a_missing_program_is_an_error_and_not_a_success() {
        let mut missing = command(Path::new("/"), "no-such-program", [""; 0]);
        assert!(!succeeds(&mut missing));
        assert!(run(&mut missing).is_err());
    }
}
