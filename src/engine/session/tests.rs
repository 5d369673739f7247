//! After an edit the same files matter as in a session that begins with the new text: cases of `tests/cases` are edited
//! at random.

use std::path::Path;

use super::*;
use crate::project::edited::{File, Random, all_cases, changed, language};

/// A session in which only files are parsed that can matter.
fn open(root: &Path, documents: Vec<(PathBuf, Arc<str>)>, keeps: bool) -> Session {
    let config = Request { isolated: true, ..Request::default() };
    let (cwd, parse) = (root.to_owned(), Parse::Relevant);
    Session::open(Open { cwd, config, parse, documents, keeps, threads: 1, ..Open::default() }).unwrap()
}

/// What the files of a session say, each that matters.
fn told(session: &Session) -> Vec<(Arc<str>, String)> {
    let files = session.entries.values().map(|entry| &entry.file);
    let matter = files.filter(|file| !Arc::ptr_eq(&file.facts, &nothing()));
    matter.map(|file| (file.source.path.clone(), format!("{:?}", file.facts))).collect()
}

/// Whether what mattered before a file had another text still stands.
fn is_kept(session: &Session) -> bool {
    let sources: Vec<_> = session.entries.values().map(|entry| &entry.file.source).collect();
    let kept = session.relevance.as_ref().and_then(|kept| kept.taken_apart(sources.into_iter(), &session.catalog));
    kept.is_some_and(|changed| !changed.is_empty())
}

#[test]
fn the_same_files_matter_as_in_a_new_session() {
    let mut random = Random::seeded(7);
    let (mut kept, mut telling, mut edits) = (0, 0, 0);
    for (_, case) in all_cases().into_iter().step_by(3) {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().canonicalize().unwrap();
        for File { path, text } in &case {
            std::fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            std::fs::write(root.join(path), text).unwrap();
        }
        let mut session = open(&root, Vec::new(), true);
        let mut last = told(&session);
        for File { path, text } in case.iter().filter(|file| language(&file.path).is_some()) {
            let with = random.below(case.len());
            let other = changed(&mut random, text, &case[with].text);
            for text in [&format!("{text}\n"), &other, text] {
                let (path, text): (_, Arc<str>) = (root.join(path), text.as_str().into());
                session.edit(&path, Some(text.clone())).unwrap();
                let anew = told(&open(&root, vec![(path.clone(), text.clone())], false));
                assert_eq!(told(&session), anew, "after {} became\n{text}", path.display());
                edits += 1;
                kept += usize::from(is_kept(&session));
                telling += usize::from(anew != last);
                last = anew;
            }
        }
    }
    assert!(kept * 3 > edits && telling * 4 > edits, "of {edits} edits {kept} kept what mattered, {telling} told");
}
