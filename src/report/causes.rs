//! Findings that one helper causes: it makes a query, and several loops call it.

use rustc_hash::FxHashMap;

use crate::findings::{Diagnostic, Label, Reported, Role};
use crate::source::Span;

/// The findings that are told together, as indexes, in order of the first of each group; those within a group are
/// in order too.
pub(super) fn grouped(findings: &[Reported]) -> Vec<Vec<usize>> {
    let mut known: FxHashMap<(&str, bool, &str, Span), usize> = FxHashMap::default();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (index, reported) in findings.iter().enumerate() {
        let Some(inside) = inside_helper(&reported.diagnostic) else {
            groups.push(vec![index]);
            continue;
        };
        let cause = (reported.diagnostic.rule, reported.suppressed, &*inside.path, inside.span);
        let group = *known.entry(cause).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[group].push(index);
    }
    groups
}

/// Where the called helper goes on to the query, or makes it: the same for all who call it.
pub(super) fn inside_helper(finding: &Diagnostic) -> Option<&Label> {
    finding.related.iter().find(|label| matches!(label.role, Role::Hop | Role::Query))
}
