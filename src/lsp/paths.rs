//! Between URIs and paths.

use std::path::{Path, PathBuf};

use lsp_types::Uri;

use crate::engine::settled_path;

/// The file that a URI names, without links as far as it exists; none for what is no file.
pub(super) fn path_of(uri: &Uri) -> Option<PathBuf> {
    let path = (uri.scheme() == "file").then(|| uri.to_file_path().ok())??;
    Some(settled_path(&path))
}

/// A folder as the client names it, and as it is without links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Folder {
    /// As the client names it.
    pub(super) uri: Uri,
    /// The same as a path.
    pub(super) written: PathBuf,
    /// Without links.
    pub(super) settled: PathBuf,
}

impl Folder {
    /// The folder that a URI names.
    pub(super) fn of(uri: &Uri) -> Option<Folder> {
        let written = (uri.scheme() == "file").then(|| uri.to_file_path().ok())??;
        let settled = settled_path(&written);
        Some(Folder { uri: uri.clone(), written, settled })
    }

    /// The URI of a file as this client would write it, if the file is below the folder.
    pub(super) fn uri_of(&self, path: &Path) -> Option<Uri> {
        let below = path.strip_prefix(&self.settled).ok()?;
        Uri::from_file_path(self.written.join(below)).ok()
    }
}
