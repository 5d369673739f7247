//! Every example of the API catalogs is run, and is seen to do what its entry says.

use std::collections::BTreeMap;

use seqscan::apis::{Catalog, CatalogLanguage, Effect, LibraryId};

use crate::project::Project;

/// What of a site must be as in its entry.
enum ToldBy {
    /// The path.
    Path,
    /// The last name of it: several shapes may fit the same code.
    Method,
    /// Nothing: a lazy type is run by many things.
    Effect,
}

/// One entry of a catalog.
struct Entry {
    path: String,
    effect: Effect,
    example: String,
    told_by: ToldBy,
}

#[test]
fn examples_do_what_their_entries_say() {
    let catalog = Catalog::builtin();
    let mut libraries: BTreeMap<LibraryId, Vec<Entry>> = BTreeMap::new();
    let mut add = |library, path: &str, effect: Effect, example: Option<String>, told_by| {
        if let (Some(example), true) = (example, effect.is_round_trip()) {
            let entry = Entry { path: path.to_owned(), effect, example, told_by };
            libraries.entry(library).or_default().push(entry);
        }
    };
    for call in catalog.calls() {
        add(call.library, &call.path, call.effect, catalog.example(call), ToldBy::Path);
    }
    for shape in catalog.all_shapes() {
        add(shape.call.library, &shape.call.path, shape.call.effect, catalog.example(&shape.call), ToldBy::Method);
    }
    for ty in catalog.types() {
        add(ty.library, &ty.name, ty.effect, catalog.example_of_type(ty), ToldBy::Effect);
    }
    let mut wrong = Vec::new();
    let mut count = 0;
    for (library, entries) in &libraries {
        count += entries.len();
        wrong.extend(judge(catalog, *library, entries));
    }
    println!("{} of {count} examples do what their entries say", count - wrong.len());
    assert!(wrong.is_empty(), "{} of {count} entries are not seen:\n\n{}", wrong.len(), wrong.join("\n"));
}

/// Runs the examples of one library as the files of one project, and says which entries are not seen.
fn judge(catalog: &Catalog, library: LibraryId, entries: &[Entry]) -> Vec<String> {
    let library = catalog.library(library);
    let python = library.language == CatalogLanguage::Python;
    let package = library.packages.first().cloned().unwrap_or_default();
    let manifest = if python {
        ("requirements.txt".to_owned(), format!("{package}\n"))
    } else {
        ("package.json".to_owned(), format!("{{\"dependencies\": {{\"{package}\": \"*\"}}}}\n"))
    };
    let file = |index: usize| format!("src/case_{index}.{}", if python { "py" } else { "js" });
    let files = entries.iter().enumerate().map(|(index, entry)| (file(index), entry.example.clone()));
    let sites = Project::new(files.chain([manifest])).sites();
    let mut wrong = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let own: Vec<_> = sites.iter().filter(|site| site.file == file(index)).collect();
        let fits = own.iter().any(|site| {
            let last = |path: &str| path.rsplit('.').next().map(str::to_owned);
            let told = match entry.told_by {
                ToldBy::Path => site.path == entry.path,
                ToldBy::Method => last(&site.path) == last(&entry.path),
                ToldBy::Effect => true,
            };
            told && match entry.effect {
                Effect::Query => site.effect == "query",
                Effect::Write => site.effect == "write",
                Effect::Batch => site.effect == "batch",
                Effect::Transaction => site.effect == "transaction",
                _ => true,
            }
        });
        if !fits {
            let seen: Vec<String> = own.iter().map(|site| format!("{} ({})", site.path, site.effect)).collect();
            let seen = if seen.is_empty() { "nothing".to_owned() } else { seen.join(", ") };
            let Entry { path, effect, example, .. } = entry;
            let indented = example.replace('\n', "\n    ");
            wrong.push(format!("{}: {path} ({effect:?}): seen is {seen}, in\n    {indented}", library.name));
        }
    }
    wrong
}
