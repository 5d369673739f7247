//! Replacing a file, whole or not at all.

use std::io::{self, Write as _};
use std::path::Path;

/// Puts `bytes` in the place of the file at `path`, which keeps its permissions; a reader sees the old or the new
/// one. A file that does not exist is made.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".seqscan").tempfile_in(folder)?;
    file.write_all(bytes)?;
    if let Ok(before) = std::fs::metadata(path) {
        file.as_file().set_permissions(before.permissions())?;
    }
    file.persist(path)?;
    Ok(())
}
