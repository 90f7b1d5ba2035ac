//! What a shell needs to use a node: `export` lines.

use std::{
    fmt::Write as _,
    fs,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use strongroom_types::{Region, Sensitive};
use zeroize::Zeroizing;

/// An access key and where to use it.
pub(super) struct Environment<'a> {
    /// `http://127.0.0.1:7443`
    pub(super) endpoint: String,
    pub(super) access_key_id: &'a str,
    pub(super) secret_access_key: &'a Sensitive<String>,
    pub(super) region: Region,
}

impl Environment<'_> {
    /// `export NAME=value` lines, for a shell to read.
    pub(super) fn exports(&self) -> Zeroizing<String> {
        let pairs = [
            ("AWS_ENDPOINT_URL", self.endpoint.clone()),
            ("AWS_ACCESS_KEY_ID", self.access_key_id.to_owned()),
            (
                "AWS_SECRET_ACCESS_KEY",
                self.secret_access_key.expose().clone(),
            ),
            ("AWS_REGION", self.region.to_string()),
            ("AWS_DEFAULT_REGION", self.region.to_string()),
        ];
        let mut text = Zeroizing::new(String::with_capacity(512));
        for (name, value) in pairs {
            let value = Zeroizing::new(value);
            // Writing into a string cannot fail.
            let _ = writeln!(text, "export {name}={}", value.as_str());
        }
        text
    }

    /// Writes the lines to a file for the owner alone, all at once: a reader
    /// sees the old file or the new one.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        let mut temporary = path.as_os_str().to_owned();
        temporary.push(".new");
        let temporary = Path::new(&temporary);
        match fs::remove_file(temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(temporary)?;
        file.write_all(self.exports().as_bytes())?;
        file.sync_all()?;
        fs::rename(temporary, path)
    }
}
