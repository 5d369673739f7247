//! What git knows of the files of a repository.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use crate::source::plain_reason;

/// The tree that has no files: what a repository without a commit is compared with.
const EMPTY_TREE: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/// A repository. Every error is one line.
pub(super) struct Git {
    top: PathBuf,
}

impl Git {
    /// The repository around a folder.
    pub(super) fn around(folder: &Path) -> Result<Git, String> {
        let top = text(run(folder, &["rev-parse", "--show-toplevel"])?)?;
        Ok(Git { top: PathBuf::from(top.trim_end_matches(['\n', '\r'])) })
    }

    /// The file at a path that git told.
    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.top.join(path)
    }

    /// The commit where what is checked out went apart from `revision`.
    pub(super) fn base(&self, revision: &str) -> Result<String, String> {
        let named = format!("{revision}^{{commit}}");
        let commit = run(&self.top, &["rev-parse", "--verify", "--quiet", "--end-of-options", &named])
            .map_err(|_| format!("git knows no revision `{revision}`"))?;
        let commit = text(commit)?.trim_end().to_owned();
        let base = run(&self.top, &["merge-base", &commit, "HEAD"]).and_then(text);
        Ok(base.map_or(commit, |base| base.trim_end().to_owned()))
    }

    /// The commit that is checked out, or an empty tree where there is none yet.
    pub(super) fn head(&self) -> Result<String, String> {
        let head = run(&self.top, &["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]).and_then(text);
        Ok(head.map_or(EMPTY_TREE.to_owned(), |head| head.trim_end().to_owned()))
    }

    /// The files whose text on disk is not that of `commit`.
    pub(super) fn changed_since(&self, commit: &str) -> Result<Vec<String>, String> {
        self.paths(&["diff", "--name-only", "--no-renames", "-z", commit])
    }

    /// The files whose staged text is not that of `commit`.
    pub(super) fn staged_since(&self, commit: &str) -> Result<Vec<String>, String> {
        self.paths(&["diff", "--cached", "--name-only", "--no-renames", "-z", commit])
    }

    /// The files whose text on disk is not the staged one.
    pub(super) fn unstaged(&self) -> Result<Vec<String>, String> {
        self.paths(&["diff", "--name-only", "--no-renames", "-z"])
    }

    /// The files that git does not know.
    pub(super) fn untracked(&self) -> Result<Vec<String>, String> {
        self.paths(&["ls-files", "--others", "--exclude-standard", "-z"])
    }

    fn paths(&self, arguments: &[&str]) -> Result<Vec<String>, String> {
        let listed = run(&self.top, arguments)?;
        Ok(listed
            .split(|&byte| byte == 0)
            .filter_map(|path| String::from_utf8(path.to_vec()).ok())
            .filter(|path| !path.is_empty())
            .collect())
    }

    /// The texts of files, by path, at a commit or (with an empty one) as they are staged; none where there is no
    /// such file. All of them are asked of one process.
    pub(super) fn texts(&self, commit: &str, paths: &[String]) -> Result<BTreeMap<String, Option<Arc<str>>>, String> {
        // A path with a line break cannot be asked for.
        let asked: Vec<&String> = paths.iter().filter(|path| !path.contains('\n')).collect();
        if asked.is_empty() {
            return Ok(BTreeMap::new());
        }
        let mut git = command(&self.top, &["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| cannot_run(&error))?;
        let (Some(mut input), Some(output)) = (git.stdin.take(), git.stdout.take()) else {
            return Err("git: it cannot be spoken to".to_owned());
        };
        let mut output = BufReader::new(output);
        let failed = |error: std::io::Error| format!("git: {}", plain_reason(&error));
        let texts = std::thread::scope(|scope| {
            // It answers while it is asked, and stops if nobody reads.
            scope.spawn(|| {
                for path in &asked {
                    if writeln!(input, "{commit}:{path}").is_err() {
                        break;
                    }
                }
                drop(input);
            });
            let mut texts = BTreeMap::new();
            for path in &asked {
                texts.insert((*path).clone(), answer(&mut output)?);
            }
            Ok(texts)
        });
        let ended = git.wait();
        texts.map_err(failed).and_then(|texts| ended.map(|_| texts).map_err(failed))
    }
}

/// One answer of `git cat-file --batch`: `<id> blob <size>`, the bytes and a line break, or a line that ends in
/// `missing`.
fn answer(output: &mut impl BufRead) -> std::io::Result<Option<Arc<str>>> {
    let mut head = String::new();
    if output.read_line(&mut head)? == 0 {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    let mut words = head.trim_end().rsplit(' ');
    let (size, kind) = (words.next().and_then(|size| size.parse::<usize>().ok()), words.next());
    let Some(size) = size.filter(|_| kind.is_some_and(|kind| ["blob", "tree", "commit", "tag"].contains(&kind))) else {
        return Ok(None);
    };
    let mut bytes = vec![0; size];
    output.read_exact(&mut bytes)?;
    output.read_exact(&mut [0])?;
    Ok((kind == Some("blob")).then(|| Arc::from(String::from_utf8_lossy(&bytes))))
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(arguments);
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Result<Vec<u8>, String> {
    let output = command(folder, arguments).output().map_err(|error| cannot_run(&error))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let told = String::from_utf8_lossy(&output.stderr);
    Err(format!("git: {}", told.lines().next().unwrap_or("it failed").trim_start_matches("fatal: ")))
}

fn cannot_run(error: &std::io::Error) -> String {
    format!("git cannot be run: {}", plain_reason(error))
}

fn text(bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|_| "git: what it says is not UTF-8".to_owned())
}
