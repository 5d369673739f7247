//! The JSON Schema of the configuration, for editors; `editors/seqscan.schema.json` is its printed form.

use serde_json::{Map, Value, json};

use super::OutputFormat;
use crate::rules::{Category, Registry, Status};
use crate::sql::Dialect;

/// The JSON Schema of `seqscan.toml`. Names of rules are completed from `registry`.
pub fn json_schema(registry: &Registry) -> Value {
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": format!("{}/raw/main/editors/seqscan.schema.json", env!("CARGO_PKG_REPOSITORY")),
        "title": "seqscan configuration",
        "description": "seqscan.toml, .seqscan.toml, [tool.seqscan] in pyproject.toml, \"seqscan\" in package.json",
        "type": "object",
        "additionalProperties": false,
        "properties": properties(),
        "definitions": definitions(registry),
    })
}

fn described(mut schema: Value, description: &str) -> Value {
    schema["description"] = description.into();
    schema
}

fn object(properties: Value) -> Value {
    json!({ "type": "object", "additionalProperties": false, "properties": properties })
}

fn list_of(definition: &str) -> Value {
    json!({ "type": "array", "items": { "$ref": format!("#/definitions/{definition}") } })
}

fn map_of(schema: Value) -> Value {
    json!({ "type": "object", "additionalProperties": schema })
}

/// In draft 7 a `$ref` hides its neighbours, so that a description needs `allOf`.
fn one(definition: &str) -> Value {
    json!({ "allOf": [{ "$ref": format!("#/definitions/{definition}") }] })
}

fn properties() -> Value {
    let flag = || json!({ "type": "boolean" });
    let words = || json!({ "type": "array", "items": { "type": "string" } });
    let rules = || list_of("selector");
    let paths = || list_of("pattern");
    let keys = [
        (
            "extend",
            json!({ "type": "string" }),
            "Another configuration file whose keys hold where this one says nothing.",
        ),
        ("select", rules(), "The rules that run: names, categories, or `all`. Default: every stable rule."),
        ("ignore", rules(), "Rules that do not run."),
        ("extend-select", rules(), "Rules that run besides those that run anyway."),
        ("extend-ignore", rules(), "Rules that do not run, besides those ignored anyway."),
        ("preview", flag(), "Whether rules run whose precision has not been measured yet. Default: false."),
        ("rules", map_of(one("rule-options")), "Per rule: how its findings are reported."),
        ("per-file-ignores", map_of(rules()), "Rules that do not run on some paths, by path pattern."),
        ("overrides", list_of("override"), "Other settings for some paths; the last one that matches wins."),
        ("include", paths(), "If given, only these paths are checked."),
        ("exclude", paths(), "Paths that are not checked."),
        ("extend-exclude", paths(), "Paths that are not checked, besides those excluded anyway."),
        ("respect-gitignore", flag(), "Whether files that git ignores are left out. Default: true."),
        (
            "force-exclude",
            flag(),
            "Whether files that are named are left out too if they are excluded. Default: false.",
        ),
        ("include-tests", flag(), "Whether tests, migrations, seeds and scripts are checked. Default: false."),
        ("test-patterns", paths(), "More paths that are tests."),
        ("min-confidence", one("confidence"), "The least confidence that is reported. Default: medium."),
        ("pedantic", flag(), "Whether findings of low confidence are reported. Default: false."),
        (
            "fail-on",
            enumeration(&["info", "warning", "error", "never"]),
            "The least severity that makes the exit code 1. Default: warning.",
        ),
        ("baseline", json!({ "type": "string" }), "The file of the findings that are known already."),
        (
            "output-format",
            {
                let formats = <OutputFormat as clap::ValueEnum>::value_variants().iter();
                json!({ "enum": formats.filter_map(|format| serde_json::to_value(format).ok()).collect::<Vec<_>>() })
            },
            "How findings are written. Default: full.",
        ),
        (
            "cache-dir",
            json!({ "type": "string" }),
            "The folder in which what files say is kept between runs. Default: .seqscan_cache at the project's root.",
        ),
        ("dialect", one("dialect"), "The SQL dialect where neither driver nor ORM nor the SQL itself tells it."),
        (
            "max-hops",
            json!({ "type": "integer", "minimum": 0, "maximum": 65535 }),
            "How many calls may lie between a loop and its query. Default: 6.",
        ),
        ("schema", paths(), "Files and folders that define the schema. Default: found by themselves."),
        ("tables", map_of(one("table-options")), "What is known of tables in production."),
        ("small-tables", words(), "Tables that stay small, about a thousand rows."),
        (
            "small-table-rows",
            json!({ "type": "integer", "minimum": 0 }),
            "Tables of at most so many rows are small: reading all of one costs nothing that an index would save. Default: 1000.",
        ),
        ("large-tables", words(), "Tables that are large, about ten million rows."),
        (
            "stats",
            json!({ "type": "string" }),
            "The file of the numbers of rows that the database counts; `seqscan schema --stats-query` prints what asks for them.",
        ),
        ("database", list_of("database"), "Several databases in one repository."),
        ("type", list_of("api-type"), "The project's own classes, as in the API catalogs."),
        ("call", list_of("api-call"), "The project's own calls that reach the database, as in the API catalogs."),
        ("member", list_of("api-member"), "The project's own attributes, as in the API catalogs."),
        ("shape", list_of("api-shape"), "Calls known by their shape, as in the API catalogs."),
    ];
    keys.into_iter().map(|(key, schema, text)| (key.to_owned(), described(schema, text))).collect::<Map<_, _>>().into()
}

fn enumeration(words: &[&str]) -> Value {
    json!({ "enum": words })
}

fn definitions(registry: &Registry) -> Value {
    let mut definitions = api_definitions();
    let paths = || list_of("pattern");
    let rules = || list_of("selector");
    definitions["selector"] = selector(registry);
    definitions["pattern"] = json!({
        "type": "string",
        "description": "A path in the language of .gitignore, relative to the folder of this file.",
    });
    definitions["confidence"] = enumeration(&["low", "medium", "high"]);
    definitions["dialect"] = json!({
        "type": "string",
        "examples": Dialect::ALL.map(Dialect::name),
    });
    definitions["rule-options"] = object(json!({
        "severity": described(enumeration(&["error", "warning", "info", "off"]), "How its findings are reported."),
    }));
    definitions["table-options"] = object(json!({
        "rows": { "type": "integer", "minimum": 0, "description": "About how many rows it has in production." },
    }));
    definitions["override"] = object(json!({
        "paths": described(paths(), "For which paths."),
        "select": rules(),
        "ignore": rules(),
        "extend-select": rules(),
        "extend-ignore": rules(),
        "rules": map_of(one("rule-options")),
        "include-tests": { "type": "boolean" },
        "min-confidence": one("confidence"),
    }));
    definitions["override"]["required"] = json!(["paths"]);
    definitions["database"] = object(json!({
        "name": { "type": "string", "description": "Its name, for messages." },
        "dialect": described(one("dialect"), "Its SQL dialect, where neither driver nor ORM nor the SQL itself tells it."),
        "version": described(
            json!({ "type": "string", "examples": ["15", "10.11"] }),
            "The version of its server. Default: that of the images in compose and CI files.",
        ),
        "paths": described(paths(), "The files that use it. Default: all."),
        "schema": described(paths(), "Files and folders that define its schema."),
    }));
    definitions["database"]["required"] = json!(["name"]);
    definitions
}

fn selector(registry: &Registry) -> Value {
    let mut known = vec![json!({ "const": "all", "description": "Every stable rule." })];
    let mut categories: Vec<Category> = registry.rules().iter().map(|rule| rule.page.metadata.category).collect();
    categories.sort_unstable();
    categories.dedup();
    known.extend(categories.iter().map(|category| json!({ "const": category.name() })));
    known.extend(
        registry
            .rules()
            .iter()
            .filter(|rule| rule.page.metadata.status != Status::Deprecated)
            .map(|rule| json!({ "const": rule.name(), "description": rule.page.metadata.summary })),
    );
    // A rule that does not exist is only a warning, as it may be one of another version.
    json!({ "anyOf": [{ "oneOf": known }, { "type": "string" }] })
}

fn api_definitions() -> Value {
    let text = || json!({ "type": "string" });
    let texts = || json!({ "type": "array", "items": { "type": "string" } });
    let argument = || json!({ "type": ["integer", "string"], "minimum": 0 });
    let effect = || enumeration(&["none", "build", "query", "write", "sql", "transaction", "batch"]);
    let call = json!({
        "path": described(text(), "The module path and the name, or Type.method."),
        "effect": described(effect(), "What it does."),
        "returns": described(text(), "A type, or `same`, `row`, `rows`."),
        "sql": described(argument(), "Which argument is SQL."),
        "params": described(argument(), "Which argument holds bound values."),
        "model": described(argument(), "Which argument is the model class."),
        "callback": { "type": "integer", "minimum": 0, "description": "Which argument is a function that is run once." },
        "callback_params": described(texts(), "The types of that function's parameters."),
        "same_tick": { "type": "boolean", "description": "Whether calls made before the first is awaited become one query." },
        "batch": described(text(), "The help for when it runs once per row."),
        "batch_write": described(text(), "The same for a call whose SQL writes."),
        "example": described(text(), "Code that calls it."),
    });
    let mut api_call = object(call.clone());
    api_call["properties"]["paths"] = described(texts(), "Other paths under which the same function is imported.");
    api_call["required"] = json!(["path", "effect"]);
    let mut api_shape = object(call);
    api_shape["properties"]["args"] = described(text(), "What the arguments must look like.");
    api_shape["required"] = json!(["path", "args", "effect"]);
    let mut api_type = object(json!({
        "name": described(text(), "The path of the class."),
        "paths": described(texts(), "Other paths of the same class."),
        "extends": described(texts(), "Names of its bases."),
        "chain": { "type": "boolean", "description": "Whether an unknown method returns the same type." },
        "runs_on": described(texts(), "What runs a lazy value: await, iterate, test, index, contains, len, str."),
        "effect": described(effect(), "What running it does."),
        "element": described(text(), "What iterating gives: `row`, or a type."),
        "batch": described(text(), "The help for when it is run once per row."),
        "batch_write": described(text(), "The same, if that run writes."),
        "example": described(text(), "Code that runs a lazy one."),
    }));
    api_type["required"] = json!(["name"]);
    let mut api_member = object(json!({
        "path": described(text(), "Type.name, or module.name."),
        "type": described(text(), "What it is."),
    }));
    api_member["required"] = json!(["path", "type"]);
    json!({ "api-call": api_call, "api-shape": api_shape, "api-type": api_type, "api-member": api_member })
}
