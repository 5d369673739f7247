//! What is read lazily in each file, and what comes of it when it is brought together.

use std::cmp::Reverse;

use super::known::Known;
use super::listed;
use super::needs::Interesting;
use super::rows::Tracer;
use super::{AlsoListed, Lazy, LazyRead, Own, in_file};
use crate::findings::Confidence;
use crate::project::calls::{CallGraph, Reach};
use crate::project::reads::PerFile;
use crate::project::since::Since;
use crate::project::types::Types;
use crate::project::{ClassRef, Project};

/// What every file's loops read lazily.
#[derive(Debug, Default)]
pub(in crate::project) struct Found {
    interesting: Interesting,
    /// Types of GraphQL schemas of which there are lists.
    nodes: PerFile<Vec<ClassRef>>,
    graphql: listed::GraphQl,
    files: PerFile<(Own, listed::Found)>,
}

impl Found {
    /// Looks at the loops of all files.
    pub(in crate::project) fn find(project: &Project, graph: &CallGraph, reach: &Reach, since: &Since<'_>) -> Found {
        let types = Types::new(project);
        let interesting = Interesting::of(&types, &project.relations);
        let known = since.before().map(|before| &before.lazily.nodes);
        let nodes = since.find(project, known, listed::nodes_in);
        let graphql = listed::GraphQl::find(project, &nodes);
        if interesting.is_empty() && graphql.is_empty() && !graph.reads_properties() {
            return Found { nodes, ..Found::default() };
        }
        let before = since.before().map(|before| &before.lazily);
        let before = before.filter(|before| before.interesting == interesting && before.graphql == graphql);
        let known = Known::new(project);
        let files = since.find(project, before.map(|before| &before.files), |types, file| {
            let tracer = Tracer::new(types, graph, &known);
            let own = in_file(&tracer, reach, &interesting, file);
            (own, listed::in_file(&tracer, reach, &interesting, &graphql, file))
        });
        Found { interesting, nodes, graphql, files }
    }

    /// What was found, told in the files that it stands in.
    pub(in crate::project) fn together(&self) -> Lazy {
        let files = &self.files.found;
        let mut lazy = Lazy { queries: vec![Vec::new(); files.len()], ..Lazy::default() };
        let mut reads = Vec::new();
        let mut queries = Vec::new();
        for found in files {
            let (own, listed) = &**found;
            lazy.reads.push(own.reads.clone());
            lazy.properties.push(own.properties.clone());
            lazy.prefetched.push(own.prefetched.clone());
            reads.extend(&listed.reads);
            queries.extend(&listed.queries);
        }
        // A serializer that several views use is told once, with the best evidence, and all their queries.
        reads.sort_by_key(|(_, read)| Reverse(read.confidence));
        for (file, read) in reads {
            let own = &mut lazy.reads[file.0 as usize];
            let is_same =
                |known: &&mut LazyRead| known.span.start == read.span.start && known.path.ends_with(&read.path);
            match own.iter_mut().find(is_same) {
                Some(known) => known.also.extend(also_listed(known, read)),
                None => own.push(read.clone()),
            }
        }
        queries.sort_by_key(|(_, query)| Reverse(query.confidence));
        for (file, query) in queries {
            let own = &mut lazy.queries[file.0 as usize];
            match own.iter_mut().find(|known| known.span == query.span) {
                Some(known) if known.listing != query.listing && !known.also.contains(&query.listing) => {
                    known.also.push(query.listing.clone());
                }
                Some(_) => {}
                None => own.push(query.clone()),
            }
        }
        lazy.reads.iter_mut().for_each(|reads| reads.sort_by(|a, b| (a.span, &a.path).cmp(&(b.span, &b.path))));
        lazy.queries.iter_mut().for_each(|queries| queries.sort_by_key(|query| query.span));
        lazy
    }
}

/// What another list of the same read adds to what is known of it: a query of its own.
fn also_listed(known: &LazyRead, read: &LazyRead) -> Option<AlsoListed> {
    let origin = read.origin?;
    let is_known = known.origin == read.origin || known.also.iter().any(|also| also.origin == origin);
    let is_sure = read.confidence > Confidence::Low || known.confidence == Confidence::Low;
    (!is_known && is_sure).then(|| AlsoListed { origin, load: read.load.clone() })
}
