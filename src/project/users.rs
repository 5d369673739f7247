//! The model of users that Django brings along. No file of a project that does without one of its own declares it, yet
//! its rows have the relations that the project's models put on them: `user.profile`.

use super::ProjectFile;
use super::types::{Ty, Types};
use crate::facts::*;
use crate::lang;
use crate::source::{Language, SourceFile};

/// What code calls it.
pub(super) const PATH: &str = "django.contrib.auth.models.User";

/// What a view is given first, and what tells who is logged in.
pub(super) const REQUEST: &str = "django.http.HttpRequest";
const REQUEST_USER: &str = "django.http.HttpRequest.user";

/// The file that stands in for the library's: no import means it.
const FILE: &str = "<django.contrib.auth.models>";
const TEXT: &str = "from django.contrib.auth.models import AbstractUser\n\n\nclass User(AbstractUser):\n    pass\n";

/// The declaration of that model, for a project that uses it: one that has no model of users of its own.
pub(super) fn stand_in(files: &[ProjectFile]) -> Option<ProjectFile> {
    let python = || files.iter().filter(|file| file.source.language == Language::Python).map(|file| &*file.facts);
    if !python().any(is_user_of) || python().any(has_own) {
        return None;
    }
    let source = SourceFile::new(FILE, FILE.into(), Language::Python, TEXT.to_owned());
    let facts = lang::extract(&source);
    Some(ProjectFile::new(source, facts))
}

/// Whether a file has to do with the model of users.
fn is_user_of(facts: &FileFacts) -> bool {
    facts.names.find("get_user_model").is_some()
        || facts.names.find("AUTH_USER_MODEL").is_some()
        || facts.imports.iter().any(|import| &facts.names[import.module] == "django.contrib.auth.models")
}

/// Whether a file declares another model of users, or names one in its settings.
fn has_own(facts: &FileFacts) -> bool {
    let is_setting = |name: Name| &facts.names[name] == "AUTH_USER_MODEL";
    let is_other = |value: ValueId| facts.literal(value) != Some("auth.User");
    facts.bindings.iter().any(|binding| is_setting(binding.name) && is_other(binding.value))
        || facts.classes.iter().any(|class| {
            let is_user = &facts.names[class.name] == "User";
            let of_users = |base: &str| {
                matches!(base, "AbstractBaseUser" | "AbstractUser") || (is_user && base.ends_with("Model"))
            };
            class.bases.iter().any(|&base| facts.own_name(base).is_some_and(of_users))
                || class.attributes.iter().any(|own| is_setting(own.name) && is_other(own.value))
        })
}

impl Types<'_> {
    /// A row of the model of users, if the project has one.
    pub(super) fn user(&self) -> Ty {
        self.relations().user().map_or(Ty::Unknown, |model| Ty::Instance(model, None))
    }

    /// What a path leads to that Django only fills in for each request.
    pub(super) fn of_request(&self, path: &str) -> Option<Ty> {
        (path == REQUEST_USER).then(|| self.user())
    }
}
