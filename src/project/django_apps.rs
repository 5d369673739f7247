//! The applications of a Django project: their labels, and the folders of their migrations.

use super::{ClassRef, FileId, Project};
use crate::facts::*;

/// The label of the application that a file belongs to: what its `apps.py` says, else its folder's name.
pub(super) fn label(project: &Project, file: FileId) -> String {
    let path = &project.file(file).source.path;
    let mut folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let last = |folder: &str| folder.rsplit('/').next().unwrap_or(folder).to_owned();
    let nearest = folder;
    for _ in 0..4 {
        let at = |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        if let Some(apps) = project.file_at(&at("apps.py")) {
            return configured(&project.file(apps).facts).unwrap_or_else(|| last(folder));
        }
        let is_package = last(folder) == "models";
        if !is_package
            && ["migrations/__init__.py", "models.py"].iter().any(|name| project.file_at(&at(name)).is_some())
        {
            return last(folder);
        }
        let Some((parent, _)) = folder.rsplit_once('/') else {
            // The project's root may be an application.
            let apps = project.file_at("apps.py").filter(|_| !folder.is_empty());
            match apps.and_then(|apps| configured(&project.file(apps).facts)) {
                Some(label) => return label,
                None => break,
            }
        };
        folder = parent;
    }
    match nearest.strip_suffix("/models") {
        Some(app) => last(app),
        None => last(nearest),
    }
}

/// The application that a model belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DjangoApp {
    /// Its label.
    pub label: String,
    /// The folder of its migrations, relative to the project's root.
    pub migrations: String,
    /// The name of its last migration, if it has any.
    pub last: Option<String>,
}

impl DjangoApp {
    /// The application of a model.
    pub fn of(project: &Project, class: ClassRef) -> DjangoApp {
        let path = &project.file(class.file).source.path;
        let mut folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let nearest = folder;
        let within = |folder: &str| if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let names = |folder: &str| {
            let migrations = format!("{}migrations/", within(folder));
            let files = project.paths().filter_map(move |path| {
                let name = path.strip_prefix(migrations.as_str())?.strip_suffix(".py")?;
                let is_one = name.starts_with(|c: char| c.is_ascii_digit()) && !name.contains('/');
                is_one.then(|| name.to_owned())
            });
            files.max()
        };
        let mut last = names(folder);
        while last.is_none()
            && let Some((parent, _)) = folder.rsplit_once('/')
        {
            folder = parent;
            last = names(folder);
        }
        let folder = if last.is_some() { folder } else { nearest.strip_suffix("/models").unwrap_or(nearest) };
        let options = named_by(project, class);
        let label = options.unwrap_or_else(|| label(project, class.file));
        DjangoApp { label, migrations: format!("{}migrations", within(folder)), last }
    }
}

/// What the `AppConfig` of a file says.
fn configured(apps: &FileFacts) -> Option<String> {
    let attribute = |name: &str| {
        let mut all = apps.classes.iter().flat_map(|class| &class.attributes);
        all.find(|attribute| &apps.names[attribute.name] == name).and_then(|attribute| apps.literal(attribute.value))
    };
    let label = attribute("label").map(str::to_owned);
    label.or_else(|| attribute("name").map(|name| name.rsplit('.').next().unwrap_or(name).to_owned()))
}

/// The label that a class itself names.
fn named_by(project: &Project, class: ClassRef) -> Option<String> {
    let facts = &project.file(class.file).facts;
    let metas = facts.classes.iter().filter(|meta| meta.parent == Some(class.class));
    let mut attributes = metas.flat_map(|meta| &meta.attributes);
    let label = attributes.find(|attribute| &facts.names[attribute.name] == "app_label")?;
    facts.literal(label.value).map(str::to_owned)
}
