//! Reads the built-in catalogs.
//!
//! They are TOML, and a test reads them with the `toml` crate too and compares. But every run pays for reading all
//! of them, and the whole of TOML takes ten times as long as the part that they are written in: tables in double
//! brackets, one key a line, strings, arrays of strings, integers and booleans.

use super::entries::{ArgEntry, CallEntry, CatalogFile, MemberEntry, ShapeEntry, TypeEntry};
use super::{CatalogError, CatalogLanguage, Effect};

/// Reads `text`, the catalog at `origin`.
pub(super) fn read(origin: &str, text: &str) -> Result<CatalogFile, CatalogError> {
    let mut reader = Reader { text, at: 0 };
    let mut file = CatalogFile::default();
    let mut current = Entry::File;
    let Err(message) = reader.read_all(&mut file, &mut current) else { return Ok(file) };
    let line = text.get(..reader.at).map_or(1, |before| before.matches('\n').count() + 1);
    let entry = match &current {
        Entry::File => String::new(),
        Entry::Type => named("type", file.types.last().map(|entry| &entry.name)),
        Entry::Member => named("member", file.members.last().map(|entry| &entry.path)),
        Entry::Call => named("call", file.calls.last().map(|entry| &entry.path)),
        Entry::Shape => named("shape", file.shapes.last().map(|entry| &entry.call.path)),
    };
    Err(CatalogError { origin: origin.to_owned(), entry, message: format!("line {line}: {message}") })
}

fn named(table: &str, name: Option<&String>) -> String {
    format!("[[{table}]] {}", name.map_or("", String::as_str)).trim_end().to_owned()
}

/// Where the keys go.
#[derive(Clone, Copy)]
enum Entry {
    File,
    Type,
    Member,
    Call,
    Shape,
}

enum Value {
    Text(String),
    Int(u32),
    Bool(bool),
    List(Vec<String>),
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn read_all(&mut self, file: &mut CatalogFile, current: &mut Entry) -> Result<(), String> {
        loop {
            self.skip_blank();
            let rest = &self.text[self.at..];
            if rest.is_empty() {
                return Ok(());
            }
            if let Some(header) = rest.strip_prefix("[[") {
                let Some((name, _)) = header.split_once("]]\n") else { return Err("`[[` without `]]`".to_owned()) };
                *current = open(file, name)?;
                self.at += name.len() + 5;
                continue;
            }
            let Some((key, _)) = rest.split_once(" = ") else { return Err("expected `key = value`".to_owned()) };
            let start = self.at;
            self.at += key.len() + 3;
            let value = self.value()?;
            let after = self.at;
            // A mistake in a value is told with the line of its key.
            self.at = start;
            set(file, *current, key, value)?;
            self.at = after;
        }
    }

    fn skip_blank(&mut self) {
        loop {
            let rest = &self.text[self.at..];
            self.at += rest.len() - rest.trim_start().len();
            if !self.text[self.at..].starts_with('#') {
                return;
            }
            self.at += self.text[self.at..].find('\n').unwrap_or(self.text.len() - self.at);
        }
    }

    fn value(&mut self) -> Result<Value, String> {
        let rest = &self.text[self.at..];
        match rest.as_bytes().first() {
            Some(b'"' | b'\'') => self.string().map(Value::Text),
            Some(b'[') => self.list().map(Value::List),
            _ => {
                let end = rest.find('\n').unwrap_or(rest.len());
                self.at += end;
                match rest[..end].trim_end() {
                    "true" => Ok(Value::Bool(true)),
                    "false" => Ok(Value::Bool(false)),
                    number => number.parse().map(Value::Int).map_err(|_| format!("`{number}` is no value")),
                }
            }
        }
    }

    fn list(&mut self) -> Result<Vec<String>, String> {
        let mut list = Vec::new();
        self.at += 1;
        loop {
            self.skip_blank();
            match self.text.as_bytes().get(self.at) {
                Some(b']') => {
                    self.at += 1;
                    return Ok(list);
                }
                Some(b',') if !list.is_empty() => self.at += 1,
                Some(b'"' | b'\'') => list.push(self.string()?),
                _ => return Err("an array that does not end, or of something else than strings".to_owned()),
            }
        }
    }

    fn string(&mut self) -> Result<String, String> {
        let rest = &self.text[self.at..];
        if let Some(long) = rest.strip_prefix("\"\"\"") {
            let Some((body, _)) = long.split_once("\"\"\"") else {
                return Err("a string that does not end".to_owned());
            };
            self.at += body.len() + 6;
            return unescape(body.strip_prefix('\n').unwrap_or(body));
        }
        if let Some(literal) = rest.strip_prefix('\'') {
            let end = literal.find(['\'', '\n']).filter(|&end| literal[end..].starts_with('\''));
            let Some(end) = end else { return Err("a string that does not end".to_owned()) };
            self.at += end + 2;
            return Ok(literal[..end].to_owned());
        }
        let bytes = rest.as_bytes();
        let mut end = 1;
        loop {
            match bytes.get(end) {
                Some(b'"') => break,
                Some(b'\\') => end += 2,
                Some(b'\n') | None => return Err("a string that does not end".to_owned()),
                Some(_) => end += 1,
            }
        }
        self.at += end + 1;
        unescape(&rest[1..end])
    }
}

fn unescape(text: &str) -> Result<String, String> {
    if !text.contains('\\') {
        return Ok(text.to_owned());
    }
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        let char = match char {
            '\\' => match chars.next() {
                Some('n') => '\n',
                Some(char @ ('\\' | '"')) => char,
                _ => return Err("only `\\n`, `\\\\` and `\\\"` are read as escapes here".to_owned()),
            },
            char => char,
        };
        plain.push(char);
    }
    Ok(plain)
}

fn open(file: &mut CatalogFile, table: &str) -> Result<Entry, String> {
    match table {
        "type" => file.types.push(TypeEntry::default()),
        "member" => file.members.push(MemberEntry::default()),
        "call" => file.calls.push(CallEntry::default()),
        "shape" => file.shapes.push(ShapeEntry::default()),
        _ => return Err(format!("unknown table `{table}`")),
    }
    Ok(match table {
        "type" => Entry::Type,
        "member" => Entry::Member,
        "call" => Entry::Call,
        _ => Entry::Shape,
    })
}

fn set(file: &mut CatalogFile, entry: Entry, key: &str, value: Value) -> Result<(), String> {
    let known = match entry {
        Entry::File => set_file(file, key, value),
        Entry::Type => file.types.last_mut().map_or(Ok(false), |entry| set_type(entry, key, value)),
        Entry::Member => file.members.last_mut().map_or(Ok(false), |entry| set_member(entry, key, value)),
        Entry::Call => file.calls.last_mut().map_or(Ok(false), |entry| set_call(entry, key, value)),
        Entry::Shape => file.shapes.last_mut().map_or(Ok(false), |entry| match key {
            "args" => value.text().map(|args| entry.args = args).map(|()| true),
            _ => set_call(&mut entry.call, key, value),
        }),
    };
    match known {
        Ok(true) => Ok(()),
        Ok(false) => Err(format!("unknown key `{key}`")),
        Err(wrong) => Err(format!("`{key}`: {wrong}")),
    }
}

fn set_file(file: &mut CatalogFile, key: &str, value: Value) -> Result<bool, String> {
    match key {
        "version" => file.version = value.int()?,
        "language" => file.language = language(&value.text()?)?,
        "packages" => file.packages = value.list()?,
        "imports" => file.imports = value.list()?,
        "dialect" => file.dialect = Some(value.text()?),
        "always" => file.always = value.bool()?,
        "signs" => file.signs = value.list()?,
        "tables" => file.tables = value.list()?,
        "prelude" => file.prelude = value.text()?,
        _ => return Ok(false),
    }
    Ok(true)
}

fn set_type(entry: &mut TypeEntry, key: &str, value: Value) -> Result<bool, String> {
    match key {
        "name" => entry.name = value.text()?,
        "paths" => entry.paths = value.list()?,
        "extends" => entry.extends = value.list()?,
        "chain" => entry.chain = Some(value.bool()?),
        "runs_on" => entry.runs_on = Some(value.list()?),
        "effect" => entry.effect = Some(effect(&value.text()?)?),
        "element" => entry.element = Some(value.text()?),
        "batch" => entry.batch = Some(value.text()?),
        "batch_write" => entry.batch_write = Some(value.text()?),
        "example" => entry.example = Some(value.text()?),
        _ => return Ok(false),
    }
    Ok(true)
}

fn set_member(entry: &mut MemberEntry, key: &str, value: Value) -> Result<bool, String> {
    match key {
        "path" => entry.path = value.text()?,
        "type" => entry.type_ = value.text()?,
        _ => return Ok(false),
    }
    Ok(true)
}

fn set_call(entry: &mut CallEntry, key: &str, value: Value) -> Result<bool, String> {
    match key {
        "path" => entry.path = value.text()?,
        "paths" => entry.paths = value.list()?,
        "effect" => entry.effect = Some(effect(&value.text()?)?),
        "returns" => entry.returns = Some(value.text()?),
        "sql" => entry.sql = Some(value.arg()?),
        "params" => entry.params = Some(value.arg()?),
        "model" => entry.model = Some(value.arg()?),
        "callback" => entry.callback = Some(value.index()?),
        "callback_params" => entry.callback_params = value.list()?,
        "same_tick" => entry.same_tick = value.bool()?,
        "batch" => entry.batch = Some(value.text()?),
        "batch_write" => entry.batch_write = Some(value.text()?),
        "example" => entry.example = Some(value.text()?),
        _ => return Ok(false),
    }
    Ok(true)
}

fn effect(name: &str) -> Result<Effect, String> {
    Effect::from_name(name).ok_or_else(|| format!("`{name}` is no effect; one of {}", Effect::NAMES.join(", ")))
}

fn language(name: &str) -> Result<CatalogLanguage, String> {
    match name {
        "python" => Ok(CatalogLanguage::Python),
        "ecma" => Ok(CatalogLanguage::Ecma),
        _ => Err(format!("`{name}` is neither `python` nor `ecma`")),
    }
}

impl Value {
    fn text(self) -> Result<String, String> {
        if let Value::Text(text) = self { Ok(text) } else { Err("expected a string".to_owned()) }
    }

    fn list(self) -> Result<Vec<String>, String> {
        if let Value::List(list) = self { Ok(list) } else { Err("expected an array of strings".to_owned()) }
    }

    fn bool(self) -> Result<bool, String> {
        if let Value::Bool(bool) = self { Ok(bool) } else { Err("expected true or false".to_owned()) }
    }

    fn int(self) -> Result<u32, String> {
        if let Value::Int(int) = self { Ok(int) } else { Err("expected an integer".to_owned()) }
    }

    fn index(self) -> Result<u16, String> {
        u16::try_from(self.int()?).map_err(|_| "too large for an argument's index".to_owned())
    }

    fn arg(self) -> Result<ArgEntry, String> {
        match self {
            Value::Text(name) => Ok(ArgEntry::Keyword(name)),
            other => other.index().map(ArgEntry::Index),
        }
    }
}
