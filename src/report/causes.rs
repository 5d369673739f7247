//! Findings that one helper causes: it makes a query, and several loops call it.

use rustc_hash::FxHashMap;

use crate::findings::{Diagnostic, Label, Reported, Role};
use crate::source::Span;

/// The findings that are told together, as indexes, in order of the first of each group; those within a group are
/// in order too.
pub(super) fn grouped(findings: &[Reported]) -> Vec<Vec<usize>> {
    // With other words of what to do, it is not mended by the same.
    let mut known: FxHashMap<(&str, bool, &str, Span, Option<&str>), usize> = FxHashMap::default();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (index, reported) in findings.iter().enumerate() {
        let Some(inside) = inside_helper(&reported.diagnostic) else {
            groups.push(vec![index]);
            continue;
        };
        let Diagnostic { rule, ref help, .. } = reported.diagnostic;
        let cause = (rule, reported.suppressed, &*inside.path, inside.span, help.as_deref());
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
