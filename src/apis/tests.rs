//! The built-in catalogs hold together, and the lookups do what they say.

use std::collections::BTreeSet;
use std::path::Path;

use super::builtin::{CATALOGS, read};
use super::entries::CatalogFile;
use super::*;

/// A catalog that needs no other.
const TINY: &str = r#"
version = 1
language = "python"
packages = ["Tiny_DB"]
imports = ["tiny", "tiny.extra"]
dialect = "sqlite"
prelude = "import tiny"

[[type]]
name = "tiny.Base"

[[type]]
name = "tiny.Query"
paths = ["tiny.query.Query"]
extends = ["tiny.Base"]
chain = true
runs_on = ["iterate", "len"]
effect = "query"
element = "row"
batch = "ask once"

[[type]]
name = "tiny.SubQuery"
extends = ["tiny.Query"]

[[member]]
path = "tiny.Base.{left,right}"
type = "tiny.Query"

[[member]]
path = "tiny.Base.*_set"
type = "tiny.Query"

[[member]]
path = "tiny.default"
type = "tiny.Base"

[[call]]
path = "tiny.Base.run"
effect = "sql"
sql = 0
params = "values"
batch = "ask once"
batch_write = "write once"
example = 'tiny.connect().<method>("select 1")'

[[call]]
path = "tiny.Base.run_set"
effect = "none"

[[call]]
path = "tiny.Query.{count,size}"
effect = "query"
example = "tiny.connect().left.<method>()"

[[call]]
path = "tiny.connect"
paths = ["tiny.extra.connect"]
effect = "none"
returns = "tiny.Base"

[[shape]]
path = "*.objects.fetch"
args = "object@1:a,b+c"
effect = "query"
example = "x.objects.fetch(1)"
"#;

fn tiny() -> Catalog {
    read(&[("tiny", TINY)], true).unwrap_or_else(|error| panic!("{error}"))
}

/// What is said of `TINY` with `from` replaced by `to`.
fn wrong(from: &str, to: &str) -> String {
    assert!(TINY.contains(from), "{from}");
    read(&[("tiny", &TINY.replacen(from, to, 1))], true).expect_err("must be refused").to_string()
}

fn user(toml: &str) -> UserApi {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Tables {
        #[serde(default, rename = "type")]
        types: Vec<TypeEntry>,
        #[serde(default, rename = "member")]
        members: Vec<MemberEntry>,
        #[serde(default, rename = "call")]
        calls: Vec<CallEntry>,
        #[serde(default, rename = "shape")]
        shapes: Vec<ShapeEntry>,
    }
    let Tables { types, members, calls, shapes } = toml::from_str(toml).expect("valid");
    UserApi { origin: "seqscan.toml".to_owned(), types, members, calls, shapes, ..UserApi::default() }
}

fn ty(catalog: &Catalog, name: &str) -> TypeId {
    catalog.type_named(name).unwrap_or_else(|| panic!("no type {name}"))
}

// ── The built-in catalogs ───────────────────────────────────────────────────────────────────────────

#[test]
fn built_in_catalogs_are_right() {
    let catalog = read(CATALOGS, true).unwrap_or_else(|error| panic!("{error}"));
    assert!(catalog.calls().len() > 1000);
    assert_eq!(Catalog::builtin().calls().len(), catalog.calls().len());
}

#[test]
fn every_catalog_is_built_in_and_the_list_is_sorted() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/apis");
    let files = std::fs::read_dir(folder).expect("rules/apis");
    let names = files.map(|file| file.expect("entry").file_name().into_string().expect("UTF-8"));
    let on_disk: BTreeSet<String> = names.filter_map(|name| Some(name.strip_suffix(".toml")?.to_owned())).collect();
    let listed: Vec<String> = CATALOGS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(listed, on_disk.into_iter().collect::<Vec<_>>());
}

#[test]
fn catalogs_are_toml() {
    for (name, text) in CATALOGS.iter().copied().chain([("tiny", TINY)]) {
        let theirs: CatalogFile = toml::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let ours = reader::read(name, text).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(format!("{ours:?}"), format!("{theirs:?}"), "{name}");
    }
}

#[test]
fn entries_are_sorted() {
    for (name, text) in CATALOGS {
        let file = reader::read(name, text).expect("valid");
        let sorted = |table: &str, paths: Vec<&String>| {
            let keys: Vec<String> = paths.iter().map(|path| path.replace('{', "")).collect();
            for pair in keys.windows(2) {
                assert!(pair[0] <= pair[1], "{name}: [[{table}]] {} stands before {}", pair[0], pair[1]);
            }
            for path in paths {
                let Some((_, list)) = path.split_once('{') else { continue };
                let list: Vec<&str> = list.split_once('}').expect("closed").0.split(',').collect();
                assert!(list.is_sorted(), "{name}: [[{table}]] {path} is not sorted");
            }
        };
        sorted("type", file.types.iter().map(|entry| &entry.name).collect());
        sorted("member", file.members.iter().map(|entry| &entry.path).collect());
        sorted("call", file.calls.iter().map(|entry| &entry.path).collect());
        sorted("shape", file.shapes.iter().map(|entry| &entry.call.path).collect());
        for list in [&file.packages, &file.imports] {
            assert!(list.is_sorted(), "{name}: {list:?}");
        }
        for entry in &file.types {
            assert!(entry.paths.is_sorted(), "{name}: paths of {}", entry.name);
        }
    }
}

#[test]
fn every_round_trip_has_an_example_that_names_it() {
    let catalog = Catalog::builtin();
    let calls = catalog.calls().iter().map(|call| (call, call.effect.is_round_trip()));
    let shapes = catalog.all_shapes().map(|shape| (&shape.call, true));
    for (call, needed) in calls.chain(shapes) {
        let example = catalog.example(call);
        assert!(example.is_some() || !needed, "{} has no example", call.path);
        if let Some(example) = example.filter(|_| call.method != "()") {
            let code = example.lines().skip(catalog.library(call.library).prelude.trim().lines().count());
            let code = code.collect::<Vec<_>>().join("\n");
            let called = [format!("{}(", call.method), format!("{}`", call.method)];
            assert!(called.iter().any(|called| code.contains(called)), "{} is not in its example: {code}", call.path);
        }
    }
    for (name, text) in CATALOGS {
        for entry in reader::read(name, text).expect("valid").types {
            let lazy = entry.runs_on.is_some_and(|runs_on| !runs_on.is_empty());
            assert!(!lazy || entry.example.is_some(), "{name}: {} has no example", entry.name);
        }
    }
}

#[test]
fn help_is_written_like_help() {
    let catalog = Catalog::builtin();
    let calls = catalog.calls().iter().chain(catalog.all_shapes().map(|shape| &shape.call));
    let of_calls = calls.flat_map(|call| [(&call.path, &call.batch), (&call.path, &call.batch_write)]);
    let of_types = catalog.types().iter().flat_map(|ty| [(&ty.name, &ty.batch), (&ty.name, &ty.batch_write)]);
    for (path, help) in of_calls.chain(of_types) {
        let Some(help) = help else { continue };
        assert!(!help.contains("Promise.all"), "{path}: {help}");
        assert!(!help.ends_with('.') && !help.starts_with(char::is_uppercase), "{path}: {help}");
        assert!(help.matches('`').count() % 2 == 0, "{path}: {help}");
    }
}

#[test]
fn shapes_have_evidence() {
    // Names that a dict, a list, a cache or a file has, too.
    let plain = [
        "add", "all", "count", "create", "delete", "execute", "exists", "fetch", "filter", "find", "first", "get",
        "insert", "last", "query", "remove", "run", "save", "select", "set", "update", "values", "where",
    ];
    for shape in Catalog::builtin().all_shapes() {
        let bare = shape.path.len() == 2 && shape.path[1] == "*";
        let weak = matches!(shape.args, ArgShape::Any | ArgShape::None | ArgShape::One);
        assert!(!(bare && weak && plain.contains(&shape.call.method.as_str())), "{} proves nothing", shape.call.path);
    }
}

#[test]
fn an_import_and_a_package_name_one_library() {
    let mut seen = BTreeSet::new();
    for library in Catalog::builtin().libraries() {
        for (kind, names) in [("import", &library.imports), ("package", &library.packages)] {
            for name in names {
                assert!(seen.insert((kind, library.language == CatalogLanguage::Python, name)), "{name} twice");
            }
        }
        assert!(library.always || !library.imports.is_empty(), "{} is never used", library.name);
    }
}

#[test]
fn libraries_that_are_asked_for_most() {
    let catalog = Catalog::builtin();
    let effect = |ty_name: &str, method: &str| catalog.method(ty(catalog, ty_name), method).map(|call| call.effect);
    assert_eq!(effect("django.db.models.query.QuerySet", "filter"), Some(Effect::Build));
    assert_eq!(effect("django.db.models.QuerySet", "aget"), Some(Effect::Query));
    assert_eq!(effect("django.db.models.RelatedManager", "bulk_create"), Some(Effect::Batch));
    assert_eq!(effect("django.contrib.contenttypes.models.ContentTypeManager", "get_for_model"), Some(Effect::None));
    assert_eq!(effect("psycopg2.extras.DictCursor", "fetchall"), Some(Effect::None));
    assert_eq!(effect("psycopg.AsyncCursor", "executemany"), Some(Effect::Batch));
    assert_eq!(effect("sqlalchemy.ext.asyncio.AsyncSession", "add"), Some(Effect::None));
    assert_eq!(effect("sqlalchemy.orm.scoped_session", "flush"), Some(Effect::Write));
    assert_eq!(effect("flask_sqlalchemy.Query", "count"), Some(Effect::Query));
    assert_eq!(effect("knex.Knex.Transaction", "()"), Some(Effect::Build));
    assert_eq!(effect("prisma.Delegate", "createMany"), Some(Effect::Batch));
    assert_eq!(effect("typeorm.BaseEntity", "save"), Some(Effect::Write));
    assert_eq!(effect("@mikro-orm/postgresql.EntityManager", "persist"), Some(Effect::None));
    assert_eq!(effect("drizzle.Insert", "values"), None);
    assert!(catalog.type_(ty(catalog, "drizzle.Insert")).chain);
    assert_eq!(catalog.type_(ty(catalog, "drizzle.Insert")).effect, Effect::Write);
    let select = catalog.function("sqlalchemy.future.select").expect("select");
    assert_eq!((select.effect, select.path.as_str()), (Effect::Build, "sqlalchemy.select"));
    let unique = catalog.method(ty(catalog, "prisma.Delegate"), "findUnique").expect("findUnique");
    assert!(unique.same_tick && catalog.shapes("findUnique").iter().all(|shape| shape.call.same_tick));
}

#[test]
fn prisma_methods_are_not_models() {
    let catalog = Catalog::builtin();
    let client = ty(catalog, "@prisma/client.PrismaClient");
    assert_eq!(catalog.attribute(client, "user"), Some(Returned::Type(ty(catalog, "prisma.Delegate"))));
    assert_eq!(catalog.attribute(client, "$transaction"), None);
    assert!(catalog.method(client, "$transaction").is_some());
}

// ── Lookups ─────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn methods_are_found_through_bases() {
    let catalog = tiny();
    let sub = ty(&catalog, "tiny.SubQuery");
    let run = catalog.method(sub, "run").expect("of the base's base");
    assert_eq!(run.path, "tiny.Base.run");
    assert_eq!((run.sql.clone(), run.params.clone()), (Some(ArgRef::Index(0)), Some(ArgRef::Keyword("values".into()))));
    assert_eq!((run.batch_for(false), run.batch_for(true)), (Some("ask once"), Some("write once")));
    assert_eq!(catalog.method(sub, "size").expect("an alternative").path, "tiny.Query.size");
    assert!(catalog.method(sub, "where").is_none());
    assert!(catalog.method(ty(&catalog, "tiny.Base"), "size").is_none());
    assert!(catalog.is_subtype(sub, ty(&catalog, "tiny.Base")) && !catalog.is_subtype(ty(&catalog, "tiny.Base"), sub));
}

#[test]
fn types_inherit() {
    let catalog = tiny();
    let sub = catalog.type_(ty(&catalog, "tiny.SubQuery"));
    assert!(sub.chain && sub.runs_on.iterate && sub.runs_on.len && !sub.runs_on.test);
    assert_eq!((sub.effect, sub.element, sub.batch_for(true)), (Effect::Query, Returned::Row, Some("ask once")));
    assert!(!catalog.type_(ty(&catalog, "tiny.Base")).runs_on.is_lazy());
    assert_eq!(ty(&catalog, "tiny.query.Query"), ty(&catalog, "tiny.Query"));
}

#[test]
fn attributes_are_found_by_name_then_by_pattern() {
    let catalog = tiny();
    let query = Some(Returned::Type(ty(&catalog, "tiny.Query")));
    let sub = ty(&catalog, "tiny.SubQuery");
    assert_eq!(catalog.attribute(sub, "right"), query);
    assert_eq!(catalog.attribute(sub, "order_set"), query);
    assert_eq!(catalog.attribute(sub, "run_set"), None, "that is a method");
    assert_eq!(catalog.attribute(sub, "other"), None);
    assert_eq!(catalog.value("tiny.default"), Some(Returned::Type(ty(&catalog, "tiny.Base"))));
    assert_eq!(catalog.value("tiny.other"), None);
}

#[test]
fn functions_have_other_paths() {
    let catalog = tiny();
    assert_eq!(catalog.function("tiny.extra.connect").map(|call| call.path.as_str()), Some("tiny.connect"));
    assert!(catalog.function("tiny.Base.run").is_none() && catalog.function("connect").is_none());
}

#[test]
fn libraries_are_found_by_import_and_package() {
    let catalog = tiny();
    let python = CatalogLanguage::Python;
    for module in ["tiny", "tiny.extra", "tiny.extra.deep", "tiny.other"] {
        assert_eq!(catalog.library_of_import(module, python), Some(LibraryId(0)), "{module}");
    }
    assert_eq!(catalog.library_of_import("tinyx", python), None);
    assert_eq!(catalog.library_of_import("tiny", CatalogLanguage::Ecma), None);
    assert_eq!(catalog.library_of_package("tiny-db", python), Some(LibraryId(0)));
    assert_eq!(catalog.library(LibraryId(0)).dialect, Some(sql::Dialect::Sqlite));
    let builtin = Catalog::builtin();
    let name = |module| {
        let id = builtin.library_of_import(module, CatalogLanguage::Ecma)?;
        Some(builtin.library(id).name.as_str())
    };
    assert_eq!(name("@prisma/client/edge"), Some("prisma"));
    assert_eq!(name("mysql2/promise"), Some("mysql"));
    assert_eq!(name("sqlite3"), Some("node-sqlite3"));
    assert_eq!(name("@prisma"), None);
}

#[test]
fn shapes_are_read_from_the_right() {
    let shape = |path: &str| {
        let text = TINY.replace("*.objects.fetch", path);
        let catalog = read(&[("tiny", &text)], true).unwrap_or_else(|error| panic!("{error}"));
        catalog.shapes("fetch")[0].clone()
    };
    let steps = |names: &'static str| {
        let names = names.split('.').rev();
        let step = |name: &'static str| Step { name: name.trim_end_matches("()"), called: name.ends_with("()") };
        names.map(step).collect::<Vec<_>>()
    };
    let fits = |path: &str, names: &'static str| shape(path).fits(&steps(names));
    assert!(fits("*.objects.fetch", "a.objects") && fits("*.objects.fetch", "x.y().objects"));
    assert!(!fits("*.objects.fetch", "objects") && !fits("*.objects.fetch", "a.objects()"));
    assert!(fits("*_set.fetch", "a.order_set") && !fits("*_set.fetch", "a.orders"));
    assert!(fits("*.all().fetch", "a.b.all()") && !fits("*.all().fetch", "a.b.all"));
    assert!(fits("{*risma*,tx}.*.fetch", "this._prisma.user") && !fits("{*risma*,ty}.*.fetch", "db.user"));
    assert!(fits("*().fetch", "a.whatever()") && !fits("*().fetch", "a"));
    let args = shape("*.fetch").args;
    assert_eq!(args, ArgShape::Object(1, vec![vec!["a".to_owned()], vec!["b".to_owned(), "c".to_owned()]]));
    assert!(args.fits_object(|key| key == "a") && args.fits_object(|key| key == "b" || key == "c"));
    assert!(!args.fits_object(|key| key == "b") && !ArgShape::Any.fits_object(|_| true));
}

#[test]
fn patterns() {
    for (pattern, name, fits) in [
        ("*", "x", true),
        ("*", "", true),
        ("a*", "ab", true),
        ("a*", "ba", false),
        ("*a", "ba", true),
        ("*a*", "bab", true),
        ("a*a", "a", false),
        ("a*b*c", "a1b2c", true),
        ("a*b*c", "a1c2b", false),
    ] {
        assert_eq!(shape::glob(pattern, name), fits, "{pattern} {name}");
    }
}

// ── The user's own entries ──────────────────────────────────────────────────────────────────────────

#[test]
fn user_entries_lie_over_the_built_in_ones() {
    let user = user(
        r#"
        [[type]]
        name = "shop.db.Store"
        extends = ["dbapi.Cursor"]

        [[call]]
        path = "shop.db.Store.load"
        effect = "query"
        returns = "rows"

        [[call]]
        path = "shop.db.fetch_one"
        effect = "sql"
        sql = "statement"

        [[call]]
        path = "django.db.models.Model.save"
        effect = "none"

        [[member]]
        path = "shop.db.store"
        type = "shop.db.Store"

        [[shape]]
        path = "*.findUnique"
        args = "any"
        effect = "none"
        "#,
    );
    let catalog = Catalog::with_user(&[user]).unwrap_or_else(|error| panic!("{error}"));
    let store = ty(&catalog, "shop.db.Store");
    assert_eq!(catalog.method(store, "load").map(|call| call.returns), Some(Returned::Rows));
    assert_eq!(catalog.method(store, "executemany").map(|call| call.effect), Some(Effect::Batch));
    assert_eq!(catalog.value("shop.db.store"), Some(Returned::Type(store)));
    let fetch = catalog.function("shop.db.fetch_one").expect("a function");
    assert_eq!(fetch.sql, Some(ArgRef::Keyword("statement".into())));
    assert!(catalog.library(fetch.library).always && catalog.library(fetch.library).name == "seqscan.toml");
    let save = catalog.method(ty(&catalog, "django.db.models.Model"), "save").expect("save");
    assert_eq!(save.effect, Effect::None, "the user's entry wins");
    assert_eq!(catalog.shapes("findUnique")[0].call.effect, Effect::None, "the user's shape is asked first");
    assert_eq!(Catalog::builtin().shapes("findUnique")[0].call.effect, Effect::Query);
}

#[test]
fn mistakes_of_users_are_told_with_their_entry() {
    let told = |toml: &str| Catalog::with_user(&[user(toml)]).expect_err("must be refused").to_string();
    assert_eq!(
        told("[[call]]\npath = \"a.b\"\neffect = \"query\"\nreturns = \"django.db.models.QuerySets\""),
        "seqscan.toml: [[call]] a.b: `returns` names no type: `django.db.models.QuerySets`; did you mean \
         `django.db.models.QuerySet`?"
    );
    assert_eq!(
        told("[[call]]\npath = \"a.b\""),
        "seqscan.toml: [[call]] a.b: `effect` is missing; one of none, build, query, write, sql, transaction, batch"
    );
    assert_eq!(
        told("[[call]]\npath = \"a.b\"\neffect = \"none\"\n[[call]]\npath = \"a.b\"\neffect = \"none\""),
        "seqscan.toml: [[call]] a.b: `a.b` is declared twice"
    );
    assert_eq!(
        told("[[shape]]\npath = \"get\"\nargs = \"any\"\neffect = \"query\""),
        "seqscan.toml: [[shape]] get: a shape names its method and what stands before it: `*.method`"
    );
}

// ── Mistakes in catalogs ────────────────────────────────────────────────────────────────────────────

#[test]
fn mistakes_are_told_with_file_entry_and_line() {
    assert_eq!(
        wrong("effect = \"sql\"", "effekt = \"sql\""),
        "rules/apis/tiny.toml: [[call]] tiny.Base.run: line 40: unknown key `effekt`"
    );
    assert_eq!(
        wrong("effect = \"sql\"", "effect = \"read\""),
        "rules/apis/tiny.toml: [[call]] tiny.Base.run: line 40: `effect`: `read` is no effect; one of none, build, \
         query, write, sql, transaction, batch"
    );
    assert_eq!(wrong("version = 1", "version = 2"), "rules/apis/tiny.toml: version 2 is not supported, only 1");
    assert_eq!(wrong("\"sqlite\"", "\"sqlight\""), "rules/apis/tiny.toml: `sqlight` is no known dialect");
    assert_eq!(
        wrong("[[shape]]", "[[shapes]]"),
        "rules/apis/tiny.toml: [[call]] tiny.connect: line 62: unknown table `shapes`"
    );
    assert_eq!(
        wrong("chain = true", "chain = 1"),
        "rules/apis/tiny.toml: [[type]] tiny.Query: line 16: `chain`: expected true or false"
    );
    assert_eq!(
        wrong("\"iterate\", \"len\"", "\"itterate\""),
        "rules/apis/tiny.toml: [[type]] tiny.Query: nothing is run on `itterate`; one of await, iterate, test, index, \
         contains, len, str"
    );
    assert_eq!(
        wrong("name = \"tiny.Base\"", "name = \"tiny.Base\"\nextends = [\"tiny.SubQuery\"]"),
        "rules/apis/tiny.toml: [[type]] tiny.Base: it extends itself"
    );
    assert_eq!(
        wrong("path = \"tiny.connect\"", "path = \"tiny.Base.run\""),
        "rules/apis/tiny.toml: [[call]] tiny.Base.run: `paths` is only for functions of a module"
    );
    assert_eq!(
        wrong("args = \"object@1:a,b+c\"", "args = \"dict\""),
        "rules/apis/tiny.toml: [[shape]] *.objects.fetch: `dict` is no argument shape; one of none, any, one, object, \
         sql, text, keyword, keywords, lookup, type"
    );
    assert_eq!(
        wrong("effect = \"query\"\nelement", "element"),
        "rules/apis/tiny.toml: [[type]] tiny.Query: `runs_on` needs an `effect`: what running it does"
    );
    assert_eq!(
        wrong("effect = \"none\"\n\n", "effect = \"none\"\nbatch = \"x\"\n\n"),
        "rules/apis/tiny.toml: [[call]] tiny.Base.run_set: `batch` is the help for a call that costs once per row; this \
         one does not"
    );
}

#[test]
fn broken_text_is_refused() {
    for (from, to) in [
        ("\"tiny.Base\"", "\"tiny.Base"),
        ("[\"tiny\", \"tiny.extra\"]", "[\"tiny\""),
        ("[[member]]", "[[member"),
        ("sql = 0", "sql = -1"),
        ("sql = 0", "sql = 70000"),
        ("version = 1", "version=1"),
        ("'tiny.connect().<method>(\"select 1\")'", "'tiny"),
        ("\"ask once\"", "\"\"\"ask once"),
        ("\"ask once\"", "\"\\u0041\""),
        ("{left,right}", "{left,right"),
    ] {
        assert!(wrong(from, to).starts_with("rules/apis/tiny.toml"), "{from} -> {to}");
    }
    for end in 0..TINY.len() {
        // Whatever is cut off: no panic.
        let _ = read(&[("tiny", &TINY[..end])], true);
    }
}
