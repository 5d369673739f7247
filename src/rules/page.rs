//! A rule's page: the metadata in its first fenced block, and the prose that users read.

use serde::{Deserialize, Serialize};

use crate::findings::{Applicability, Confidence, Severity};

/// What kind of cost a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    /// Queries that run more often than they must.
    Loops,
    /// Conditions that no index can serve.
    Predicates,
    /// Reading page after page.
    Pagination,
    /// Queries inside queries.
    Subqueries,
    /// Tables put together.
    Joins,
    /// What is done with the rows that are found: order, counts, duplicates.
    Results,
    /// Tables and indexes.
    Schema,
    /// Changes of tables and indexes.
    Migrations,
    /// The suppression comments themselves.
    Suppressions,
}

impl Category {
    /// The name users write.
    pub fn name(self) -> &'static str {
        match self {
            Category::Loops => "loops",
            Category::Predicates => "predicates",
            Category::Pagination => "pagination",
            Category::Subqueries => "subqueries",
            Category::Joins => "joins",
            Category::Results => "results",
            Category::Schema => "schema",
            Category::Migrations => "migrations",
            Category::Suppressions => "suppressions",
        }
    }

    /// The category with this name.
    pub fn from_name(name: &str) -> Option<Category> {
        use Category::*;
        [Loops, Predicates, Pagination, Subqueries, Joins, Results, Schema, Migrations, Suppressions]
            .into_iter()
            .find(|category| category.name() == name)
    }
}

/// Whether a rule runs by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Only if it is named, or with `--preview`.
    Preview,
    /// By default: its precision was measured.
    Stable,
    /// Only if it is named.
    Deprecated,
}

/// Which edits a rule offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FixKind {
    /// None.
    None,
    /// Shown, never applied.
    DisplayOnly,
    /// Applied with `--unsafe-fixes`.
    Unsafe,
    /// Applied with `--fix`.
    Safe,
}

impl FixKind {
    /// The most that its edits may be trusted.
    pub fn applicability(self) -> Option<Applicability> {
        match self {
            FixKind::None => None,
            FixKind::DisplayOnly => Some(Applicability::DisplayOnly),
            FixKind::Unsafe => Some(Applicability::Unsafe),
            FixKind::Safe => Some(Applicability::Safe),
        }
    }
}

/// The first fenced `toml` block of a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    /// What is found, in a few words.
    pub summary: String,
    /// What kind of cost.
    pub category: Category,
    /// What it costs if it is true, unless a finding says otherwise.
    pub severity: Severity,
    /// How sure a finding is, unless it says otherwise.
    pub confidence: Confidence,
    /// Whether it runs by default.
    pub status: Status,
    /// The first version that had it.
    pub since: String,
    /// The languages it reads.
    pub languages: Vec<String>,
    /// The SQL dialects it knows; `any` if that does not matter.
    pub dialects: Vec<String>,
    /// Which edits it offers.
    pub fix: FixKind,
    /// Former names, which stay understood for ever.
    #[serde(default)]
    pub aliases: Vec<String>,
}

/// A rule's page.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its metadata.
    pub metadata: Metadata,
    /// Everything after the metadata, up to the proofs: those are for tests.
    pub body: &'static str,
}

/// One `##` section of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    /// Its heading.
    pub title: &'static str,
    /// What stands under it.
    pub text: &'static str,
}

impl Page {
    /// Reads a page; the error says what is wrong with it.
    pub fn parse(text: &'static str) -> Result<Page, String> {
        let open = text.find("```toml\n").ok_or("the page has no fenced `toml` block")?;
        let before = text[..open].trim();
        if !before.is_empty() && (!before.starts_with("# ") || before.contains('\n')) {
            return Err("only the title may stand before the metadata".to_owned());
        }
        let start = open + "```toml\n".len();
        let length = text[start..].find("\n```").ok_or("the metadata block is not closed")?;
        let metadata = toml::from_str(&text[start..start + length]).map_err(|error| error.to_string())?;
        let rest = &text[start + length + "\n```".len()..];
        let rest = rest.split_once("\n## Proof\n").map_or(rest, |(rest, _)| rest);
        Ok(Page { metadata, body: rest.trim_start_matches(['\r', '\n']) })
    }

    /// What it flags: the paragraphs before the first heading.
    pub fn introduction(&self) -> &'static str {
        let end = if self.body.starts_with("## ") { Some(0) } else { self.body.find("\n## ") };
        end.map_or(self.body, |end| &self.body[..end]).trim()
    }

    /// Its sections, in order.
    pub fn sections(&self) -> Vec<Section> {
        let mut sections = Vec::new();
        let mut rest = self.body;
        let mut in_fence = false;
        let mut open: Option<(&'static str, &'static str)> = None;
        while !rest.is_empty() {
            let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
            in_fence ^= line.starts_with("```");
            if let Some(title) = line.strip_prefix("## ").filter(|_| !in_fence) {
                close(&mut sections, open, rest);
                open = Some((title.trim(), after));
            }
            rest = after;
        }
        close(&mut sections, open, "");
        sections
    }

    /// What stands under the heading `title`.
    pub fn section(&self, title: &str) -> Option<&'static str> {
        self.sections().into_iter().find(|section| section.title == title).map(|section| section.text)
    }
}

/// Ends the section that began at `open` where `rest`, a later part of the same page, begins.
fn close(sections: &mut Vec<Section>, open: Option<(&'static str, &'static str)>, rest: &'static str) {
    if let Some((title, text)) = open {
        let end = text.len() - rest.len();
        sections.push(Section { title, text: text[..end].trim() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "\
```toml
summary    = \"a query runs once per loop iteration\"
category   = \"loops\"
severity   = \"warning\"
confidence = \"high\"
status     = \"stable\"
since      = \"0.1.0\"
languages  = [\"python\"]
dialects   = [\"any\"]
fix        = \"none\"
aliases    = [\"n-plus-one\"]
```

Flags a query in a loop.

## Why it costs

Much.

```python
## not a heading
```

## Examples

None.

## Proof

On engines.
";

    #[test]
    fn a_page_is_taken_apart() {
        let page = Page::parse(PAGE).unwrap();
        assert_eq!(page.metadata.category, Category::Loops);
        assert_eq!(page.introduction(), "Flags a query in a loop.");
        let titles: Vec<_> = page.sections().iter().map(|section| section.title).collect();
        assert_eq!(titles, ["Why it costs", "Examples"]);
        assert_eq!(page.section("Examples"), Some("None."));
    }

    #[test]
    fn a_page_is_read_strictly() {
        let page = |text: String| Page::parse(text.leak());
        assert!(page(PAGE.replace("since ", "sinse ")).unwrap_err().contains("unknown field `sinse`"));
        assert!(page(PAGE.replace("\"loops\"", "\"loop\"")).unwrap_err().contains("unknown variant `loop`"));
        assert!(page(PAGE.replace("toml", "text")).is_err());
    }
}
