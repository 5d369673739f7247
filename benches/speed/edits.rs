//! What one change of one document costs in a language server: its file is taken apart, and the project looked at again.

use std::path::Path;
use std::sync::Arc;

use seqscan::config::Request;
use seqscan::engine::{Open, Session, Targets};
use seqscan::source::Language;

use crate::measure::{self, Cost, median};

/// Longer files are not what people have open, in lines.
const LONGEST: usize = 2_500;
/// How many changes are measured at once: the system counts CPU coarsely.
const AT_ONCE: u32 = 10;

/// What changes cost.
pub(crate) struct Edits {
    /// How many files the project has.
    pub(crate) files: usize,
    /// How many lines the document has.
    pub(crate) lines: usize,
    /// To take the document apart.
    pub(crate) document: Cost,
    /// That, and to look at the project.
    pub(crate) whole: Cost,
}

/// Changes the longest usual file of a project; nothing if there is none.
pub(crate) fn measure(folder: &Path, threads: usize, repetitions: usize) -> Option<Edits> {
    let config = Request { isolated: true, ..Request::default() };
    let open = Open { cwd: folder.to_owned(), paths: vec![folder.to_owned()], config, threads, ..Open::default() };
    let mut session = Session::open(open).expect("the folder can be read");
    let report = session.snapshot().check(&Targets::All);
    let checked = report.checked.iter().filter_map(|path| report.sources.get(path));
    let code = checked.filter(|source| source.language == Language::Python || source.language.is_ecma());
    let lines = |text: &str| text.lines().count();
    let longest = code.filter(|source| lines(&source.text) <= LONGEST).max_by_key(|source| lines(&source.text))?;
    let (path, text) = (longest.absolute.clone(), longest.text.clone());
    let files = report.files_read;
    // A line in its middle is there, and is not there.
    let middle = text.match_indices('\n').nth(lines(&text) / 2).map_or(text.len(), |(at, _)| at + 1);
    let changed = format!("{}\n{}", &text[..middle], &text[middle..]);
    let texts: [Arc<str>; 2] = [changed.into(), text.as_str().into()];
    let edit = |session: &mut Session, nth: u32| {
        session.edit(&path, Some(texts[nth as usize % 2].clone())).expect("the file can be read");
    };
    let per_change = |work: &mut dyn FnMut(u32)| {
        let costs = (0..repetitions).map(|_| measure::cost(&mut || (0..AT_ONCE).for_each(&mut *work)));
        let Cost { cpu, wall } = median(costs.collect());
        Cost { cpu: cpu / f64::from(AT_ONCE), wall: wall / f64::from(AT_ONCE) }
    };
    let document = per_change(&mut |nth| edit(&mut session, nth));
    let whole = per_change(&mut |nth| {
        edit(&mut session, nth);
        session.snapshot().check(&Targets::All);
    });
    Some(Edits { files, lines: lines(&text), document, whole })
}
