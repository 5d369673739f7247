//! `seqscan rules --inferred`: what the code itself teaches of its wrappers, as the entries that would declare it.

use std::fmt::Write;

use serde_json::{Value, json};

use super::args::{ListFormat, RulesArguments};
use super::check::open_project;
use super::{OK, finish, print};
use crate::project::{Project, Wrapper};
use crate::report::sanitize;

/// Prints the wrappers of a project.
pub(super) fn run(arguments: &RulesArguments) -> u8 {
    let session = match open_project(&arguments.project) {
        Ok((session, _)) => session,
        Err(code) => return code,
    };
    let snapshot = session.snapshot();
    let project = snapshot.project();
    let text = match arguments.output_format {
        ListFormat::Json => format!("{:#}\n", json(project)),
        ListFormat::Text => entries(project),
    };
    finish(print(text.as_bytes()), OK)
}

/// As TOML, each entry after the place of its function; what no path names is said.
fn entries(project: &Project) -> String {
    if project.wrappers().is_empty() {
        return "# no function of the project runs SQL that it is given\n".to_owned();
    }
    let mut text = String::new();
    for wrapper in project.wrappers() {
        let (path, line, name) = place(project, wrapper);
        let Some(call) = project.path_of(wrapper.function) else {
            let _ = writeln!(text, "# {path}:{line}: {name} takes SQL, but no path names it\n");
            continue;
        };
        let _ = writeln!(text, "# {path}:{line}\n[[call]]\npath = {}", json!(call));
        let _ = writeln!(text, "effect = \"{}\"\nsql = {}\n", wrapper.effect.name(), wrapper.sql);
    }
    text
}

fn json(project: &Project) -> Value {
    let calls = project.wrappers().iter().map(|wrapper| {
        let (path, line, name) = place(project, wrapper);
        json!({
            "path": project.path_of(wrapper.function),
            "effect": wrapper.effect.name(),
            "sql": wrapper.sql,
            "function": name,
            "file": path,
            "line": line,
        })
    });
    json!({ "version": 1, "calls": calls.collect::<Vec<_>>() })
}

fn place(project: &Project, wrapper: &Wrapper) -> (String, u32, String) {
    let file = project.file(wrapper.function.file);
    let function = file.facts.function(wrapper.function.function);
    let line = file.source.lines().line(function.name_span.start);
    let name = file.facts.scope(wrapper.function.function);
    (sanitize(&file.source.path).into_owned(), line, sanitize(&name).into_owned())
}
