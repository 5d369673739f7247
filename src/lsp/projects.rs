//! The projects that are open: which folders they hold, what is known of them, and who waits for it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crossbeam_channel::Sender;
use lsp_server::RequestId;
use lsp_types::Uri;

use super::paths::Folder;
use super::settings::Settings;
use super::worker::{Analysis, Checked, Task, Worker};
use crate::engine::{Caching, Open, Progress, project_root};

/// A project, as long as the server runs.
pub(super) type ProjectId = u32;

/// A request that waits until a project knows the text that it is about.
#[derive(Debug)]
pub(super) struct Waiting {
    /// Who asks.
    pub(super) id: RequestId,
    /// The document it is about; none: the whole project.
    pub(super) uri: Option<Uri>,
    /// The work that must be done before.
    pub(super) ticket: u64,
    /// What is asked.
    pub(super) question: super::server::Question,
}

/// One project: all folders of the workspace that have the same root.
#[derive(Debug)]
pub(super) struct Project {
    /// The root that all paths are relative to, without links.
    pub(super) root: PathBuf,
    /// The folders that the user opened.
    pub(super) folders: Vec<Folder>,
    /// Whether it is there only for files that were opened alone.
    pub(super) is_makeshift: bool,
    /// What is known.
    pub(super) analysis: Option<Analysis>,
    /// Who waits.
    pub(super) waiting: Vec<Waiting>,
    /// How far the reading has come.
    pub(super) progress: Arc<Progress>,
    /// Whether the client shows that.
    pub(super) is_shown: bool,
    /// Whether it was asked to.
    pub(super) is_offered: bool,
    ticket: u64,
    worker: Worker,
}

impl Project {
    /// Gives it something to do; the ticket of that.
    pub(super) fn tell(&mut self, task: Task) -> u64 {
        self.ticket += 1;
        self.worker.tell(self.ticket, task);
        self.ticket
    }

    /// The last thing that it was given to do.
    pub(super) fn ticket(&self) -> u64 {
        self.ticket
    }

    /// Whether everything that it was given to do is done.
    pub(super) fn is_idle(&self) -> bool {
        self.is_done(self.ticket)
    }

    /// Lets a request wait; if the user waits too, work that was put off is done now.
    pub(super) fn wait(&mut self, waiting: Waiting) {
        if waiting.question.is_of_user() {
            self.worker.tell(self.ticket, Task::Hurry);
        }
        self.waiting.push(waiting);
    }

    /// What was found, if it is known as of this work.
    pub(super) fn checked(&self, ticket: u64) -> Option<&Checked> {
        let analysis = self.analysis.as_ref().filter(|analysis| analysis.ticket >= ticket)?;
        analysis.outcome.as_ref().ok().map(|checked| &**checked)
    }

    /// Whether that work is done.
    pub(super) fn is_done(&self, ticket: u64) -> bool {
        self.analysis.as_ref().is_some_and(|analysis| analysis.ticket >= ticket)
    }

    /// The URI of one of its files as the client would write it.
    pub(super) fn uri_of(&self, path: &str) -> Option<Uri> {
        let path = self.root.join(path);
        let written = self.folders.iter().find_map(|folder| folder.uri_of(&path));
        written.or_else(|| Uri::from_file_path(&path).ok())
    }

    /// The path of a file as its findings name it.
    pub(super) fn relative(&self, path: &Path) -> Option<String> {
        let below = path.strip_prefix(&self.root).ok()?.to_str()?;
        Some(below.replace(std::path::MAIN_SEPARATOR, "/"))
    }

    /// Whether a file is below what the user opened.
    pub(super) fn is_opened(&self, path: &str) -> bool {
        let path = self.root.join(path);
        !self.is_makeshift && self.folders.iter().any(|folder| path.starts_with(&folder.settled))
    }
}

/// All projects.
#[derive(Debug)]
pub(super) struct Projects {
    next: ProjectId,
    by_id: BTreeMap<ProjectId, Project>,
    done: Sender<(ProjectId, Analysis)>,
}

impl Projects {
    /// No projects; what will be known of them is sent to `done`.
    pub(super) fn new(done: Sender<(ProjectId, Analysis)>) -> Projects {
        Projects { next: 0, by_id: BTreeMap::new(), done }
    }

    pub(super) fn get(&self, id: ProjectId) -> Option<&Project> {
        self.by_id.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: ProjectId) -> Option<&mut Project> {
        self.by_id.get_mut(&id)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (ProjectId, &Project)> {
        self.by_id.iter().map(|(&id, project)| (id, project))
    }

    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = (ProjectId, &mut Project)> {
        self.by_id.iter_mut().map(|(&id, project)| (id, project))
    }

    pub(super) fn remove(&mut self, id: ProjectId) -> Option<Project> {
        self.by_id.remove(&id)
    }

    /// The project that a file belongs to: the one whose folder is nearest, else whose root is.
    pub(super) fn of(&self, path: &Path) -> Option<ProjectId> {
        let length = |folder: &Path| path.starts_with(folder).then_some(folder.as_os_str().len());
        let inside = |project: &Project| {
            let opened = project.folders.iter().filter_map(|folder| length(&folder.settled)).max();
            opened.map(|length| (true, length)).or(length(&project.root).map(|length| (false, length)))
        };
        self.by_id.iter().filter_map(|(&id, project)| Some((inside(project)?, id))).max().map(|(_, id)| id)
    }

    /// Opens these folders as projects, those with the same root as one; the problem of each that cannot be.
    pub(super) fn open(
        &mut self,
        folders: Vec<Folder>,
        is_makeshift: bool,
        settings: &Settings,
        documents: &[(PathBuf, Arc<str>)],
    ) -> Vec<String> {
        let mut problems = Vec::new();
        let mut by_root: BTreeMap<PathBuf, Vec<Folder>> = BTreeMap::new();
        for folder in folders {
            by_root.entry(root_of(&folder)).or_default().push(folder);
        }
        for (root, folders) in by_root {
            if let Err(problem) = self.start(root, folders, is_makeshift, settings, documents) {
                problems.push(problem);
            }
        }
        problems
    }

    fn start(
        &mut self,
        root: PathBuf,
        folders: Vec<Folder>,
        is_makeshift: bool,
        settings: &Settings,
        documents: &[(PathBuf, Arc<str>)],
    ) -> Result<(), String> {
        let progress: Arc<Progress> = Arc::default();
        let open = Open {
            cwd: root.clone(),
            paths: folders.iter().map(|folder| folder.settled.clone()).collect(),
            documents: documents.iter().filter(|(path, _)| path.starts_with(&root)).cloned().collect(),
            config: settings.request(&root).map_err(|error| format!("the setting `configuration`: {error}"))?,
            caching: Caching::Project,
            keeps: true,
            progress: progress.clone(),
            ..Open::default()
        };
        let id = self.next;
        self.next += 1;
        let worker = Worker::start(id, open, self.done.clone()).map_err(|error| error.to_string())?;
        let project = Project {
            root,
            folders,
            is_makeshift,
            analysis: None,
            waiting: Vec::new(),
            progress,
            is_shown: false,
            is_offered: false,
            ticket: 0,
            worker,
        };
        self.by_id.insert(id, project);
        Ok(())
    }
}

/// The root of the project that a folder is in.
pub(super) fn root_of(folder: &Folder) -> PathBuf {
    project_root(&folder.settled, std::slice::from_ref(&folder.settled))
}
