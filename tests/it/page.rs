//! Reading the pages: which fenced examples they hold, which of them make one project, and which lines of
//! them are marked.
//!
//! A fence in a language that is read is an example. A line that must be flagged ends in `# error`, `// error`,
//! `-- error` or `{# error #}`; `error: other-rule` names another rule, `error: a, b` several. A fence that follows a line
//! with nothing but a path in backquotes and a colon is that file of a project; it belongs to the same project
//! as the named fence before it, if nothing but blank lines stands between. A fence whose info string ends in
//! `fixed` is what `--fix` makes of the example before it.

use std::collections::BTreeSet;

/// One example: the files of a small project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Example {
    /// The heading it stands under.
    pub(crate) heading: String,
    /// Its files.
    pub(crate) files: Vec<ExampleFile>,
}

/// One file of an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExampleFile {
    /// Its path in the project.
    pub(crate) path: String,
    /// Its language as pages name it; empty for manifests and the like.
    pub(crate) language: &'static str,
    /// Its text.
    pub(crate) text: String,
    /// The line of the page on which its first line stands.
    pub(crate) line: usize,
    /// What `--fix` makes of it, if the page says so.
    pub(crate) fixed: Option<String>,
}

/// A line that must be flagged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Marker {
    /// The file.
    pub(crate) path: String,
    /// The line of the file, from 1.
    pub(crate) line: u32,
    /// The rule.
    pub(crate) rule: String,
}

impl Example {
    /// The lines that must be flagged; a marker without a name means `rule`.
    pub(crate) fn markers(&self, rule: &str) -> BTreeSet<Marker> {
        let mut markers = BTreeSet::new();
        for file in self.files.iter().filter(|file| !file.language.is_empty()) {
            for (number, line) in (1..).zip(file.text.lines()) {
                for name in marked(line).into_iter().flatten() {
                    let name = if name.is_empty() { rule } else { name };
                    markers.insert(Marker { path: file.path.clone(), line: number, rule: name.to_owned() });
                }
            }
        }
        markers
    }

    /// The languages it is written in.
    pub(crate) fn languages(&self) -> BTreeSet<&'static str> {
        self.files.iter().map(|file| file.language).filter(|language| !language.is_empty()).collect()
    }

    /// Where in the page a line of one of its files stands.
    pub(crate) fn page_line(&self, path: &str, line: u32) -> usize {
        let file = self.files.iter().find(|file| file.path == path);
        file.map_or(0, |file| file.line + line as usize - 1)
    }
}

/// The rules that a line is marked with: `[""]` for the page's own.
fn marked(line: &str) -> Option<Vec<&str>> {
    let line = line.trim_end().trim_end_matches("*/}").trim_end_matches("#}").trim_end();
    let at = ["# error", "// error", "-- error", "/* error", "{# error"]
        .iter()
        .filter_map(|mark| Some((line.rfind(mark)?, mark)))
        .max()?;
    let rest = &line[at.0 + at.1.len()..];
    match rest.strip_prefix(':') {
        None if rest.is_empty() => Some(vec![""]),
        Some(names) => Some(names.split(',').map(str::trim).collect()),
        None => None,
    }
}

/// The language that an info string names, and the file an example without a name stands in.
fn language(info: &str) -> Option<(&'static str, &'static str)> {
    Some(match info {
        "python" | "py" => ("python", "app.py"),
        "javascript" | "js" => ("javascript", "app.js"),
        "jsx" => ("javascript", "app.jsx"),
        "typescript" | "ts" => ("typescript", "app.ts"),
        "tsx" => ("typescript", "app.tsx"),
        "prisma" => ("prisma", "schema.prisma"),
        "django" | "html" => ("django", "templates/app.html"),
        "jinja" => ("jinja", "templates/app.html"),
        "sql" => ("sql", "app.sql"),
        _ => return None,
    })
}

/// All examples of a page, in order.
pub(crate) fn examples(page: &str) -> Vec<Example> {
    let mut reader = Reader::default();
    let mut lines = (1..).zip(page.lines());
    while let Some((_, line)) = lines.next() {
        if let Some(info) = line.strip_prefix("```") {
            let mut text = String::new();
            let mut first = 0;
            for (number, line) in lines.by_ref() {
                if line.trim_end() == "```" {
                    break;
                }
                first = if first == 0 { number } else { first };
                text.push_str(line);
                text.push('\n');
            }
            reader.fence(info.trim(), text, first);
        } else {
            reader.line(line);
        }
    }
    reader.examples
}

#[derive(Default)]
struct Reader {
    examples: Vec<Example>,
    heading: String,
    /// The path that the line before a fence gives it.
    name: Option<String>,
    /// Whether the last fence was named and nothing came after it.
    in_project: bool,
}

impl Reader {
    fn line(&mut self, line: &str) {
        if let Some(heading) = line.strip_prefix('#') {
            self.heading = heading.trim_start_matches('#').trim().to_owned();
        }
        if line.trim().is_empty() {
            return;
        }
        let name = line.trim().strip_prefix('`').and_then(|rest| rest.strip_suffix("`:"));
        self.name = name.filter(|name| !name.contains(['`', ' '])).map(str::to_owned);
        self.in_project &= self.name.is_some();
    }

    fn fence(&mut self, info: &str, text: String, line: usize) {
        let name = self.name.take();
        let (first, last) = info.split_once(' ').unwrap_or((info, ""));
        let known = language(first);
        if last == "fixed" {
            let file = self.examples.last_mut().and_then(|example| match &name {
                Some(name) => example.files.iter_mut().find(|file| file.path == *name),
                None => example.files.last_mut(),
            });
            file.expect("a fixed fence follows an example").fixed = Some(text);
            return;
        }
        if known.is_none() && name.is_none() {
            self.in_project = false;
            return;
        }
        let joins = self.in_project && name.is_some();
        self.in_project = name.is_some();
        let path = name.unwrap_or_else(|| known.map_or("", |(_, path)| path).to_owned());
        let language = known.map_or("", |(language, _)| language);
        if !joins {
            self.examples.push(Example { heading: self.heading.clone(), files: Vec::new() });
        }
        let file = ExampleFile { path, language, text, line, fixed: None };
        self.examples.last_mut().unwrap().files.push(file);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "\
# rule

```toml
summary = \"x\"
```

## one

```python
a()  # error
b()  # error: other, third
c('# error')
```

```python fixed
a2()
```

## two

`models.py`:
```python
x
```

`package.json`:
```json
{}
```

Another:

`models.py`:
```sql
SELECT 1 -- error
```
";

    #[test]
    fn fences_make_projects() {
        let examples = examples(PAGE);
        let shape: Vec<(&str, Vec<&str>)> = examples
            .iter()
            .map(|example| (&*example.heading, example.files.iter().map(|file| &*file.path).collect()))
            .collect();
        assert_eq!(
            shape,
            [("one", vec!["app.py"]), ("two", vec!["models.py", "package.json"]), ("two", vec!["models.py"])]
        );
        assert_eq!(examples[0].files[0].fixed.as_deref(), Some("a2()\n"));
        assert_eq!(examples[0].files[0].line, 10);
        let markers: Vec<(u32, String)> =
            examples[0].markers("rule").into_iter().map(|marker| (marker.line, marker.rule)).collect();
        assert_eq!(markers, [(1, "rule".to_owned()), (2, "other".to_owned()), (2, "third".to_owned())]);
        assert_eq!(examples[2].markers("rule").len(), 1);
        assert_eq!(examples[0].page_line("app.py", 2), 11);
    }
}
