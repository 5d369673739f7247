//! Which language a file is written in.

/// A language that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// `.py`, `.pyi`
    Python,
    /// `.js`, `.mjs`, `.cjs`, `.jsx`
    JavaScript,
    /// `.ts`, `.mts`, `.cts`
    TypeScript,
    /// `.tsx`
    Tsx,
    /// `.sql`, also with template holes (`.sql.jinja`, dbt models) or for one database (`.sql.postgres`)
    Sql,
    /// `.prisma`: models, which are tables.
    Prisma,
    /// `.graphql`, `.gql`: definitions of types, which say of which of them there are lists.
    GraphQl,
    /// A template of Django's: of any ending, where the code of the project renders it.
    DjangoTemplate,
    /// A template of Jinja's.
    Jinja,
}

/// The endings of what templates are mostly written for.
const TEMPLATE_ENDINGS: [&str; 3] = ["html", "htm", "xhtml"];

/// The endings of files that are templates only in a folder of templates.
const TEXT_ENDINGS: [&str; 7] = ["txt", "xml", "md", "mjml", "csv", "svg", "eml"];

/// What may stand behind `.sql`: what fills its holes, or the only database that it is for.
const BEHIND_SQL: [&str; 8] = ["jinja", "jinja2", "j2", "postgres", "postgresql", "sqlite", "sqlite3", "mysql"];

impl Language {
    /// The language of a path, by its file name alone.
    pub fn of_path(path: &str) -> Option<Language> {
        let name = path.rsplit(['/', '\\']).next().unwrap_or(path).to_ascii_lowercase();
        let name = BEHIND_SQL
            .iter()
            .find_map(|ending| name.strip_suffix(ending)?.strip_suffix('.').filter(|rest| rest.ends_with(".sql")))
            .unwrap_or(&name);
        Some(match name.rsplit_once('.')?.1 {
            "py" | "pyi" => Language::Python,
            "js" | "mjs" | "cjs" | "jsx" => Language::JavaScript,
            "ts" | "mts" | "cts" => Language::TypeScript,
            "tsx" => Language::Tsx,
            "sql" => Language::Sql,
            "prisma" => Language::Prisma,
            "graphql" | "graphqls" | "gql" => Language::GraphQl,
            _ => return None,
        })
    }

    /// The language of a path, should code of its project render it; by its ending and its folders alone.
    pub fn of_template(path: &str) -> Option<Language> {
        let (name, ending) = path.rsplit_once('.')?;
        if matches!(ending, "jinja" | "jinja2" | "j2") {
            return Language::of_path(path).is_none().then_some(Language::Jinja);
        }
        let folders = name.rsplit_once(['/', '\\']).map_or("", |(folders, _)| folders);
        let is_jinja = folders.split(['/', '\\']).any(|folder| folder == "jinja2");
        let is_one = TEMPLATE_ENDINGS.contains(&ending)
            || (TEXT_ENDINGS.contains(&ending)
                && (is_jinja || folders.split(['/', '\\']).any(|folder| folder == "templates")));
        is_one.then_some(if is_jinja { Language::Jinja } else { Language::DjangoTemplate })
    }

    /// Whether this is a language of templates.
    pub fn is_template(self) -> bool {
        matches!(self, Language::DjangoTemplate | Language::Jinja)
    }

    /// Whether this is JavaScript or one of its typed forms.
    pub fn is_ecma(self) -> bool {
        matches!(self, Language::JavaScript | Language::TypeScript | Language::Tsx)
    }

    /// The name users write.
    pub fn name(self) -> &'static str {
        match self {
            Language::Python => "python",
            Language::JavaScript => "javascript",
            Language::TypeScript | Language::Tsx => "typescript",
            Language::Sql => "sql",
            Language::Prisma => "prisma",
            Language::GraphQl => "graphql",
            Language::DjangoTemplate => "django",
            Language::Jinja => "jinja",
        }
    }
}
