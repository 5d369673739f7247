//! The fewest new indexes that serve what queries ask of one table.

use crate::findings::{IndexNeed, KeyUse};
use crate::sql::query::same_name;

/// A new index, and which needs it serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advised {
    /// Its columns, in order.
    pub columns: Vec<(String, KeyUse)>,
    /// The places of the needs among those that were given, the widest first.
    pub serves: Vec<usize>,
}

/// Merges the needs of one table: an index serves whatever it begins with, and columns that are compared with `=` may stand
/// in any order before the others. The widest needs come first, so that the narrower ones find their place in them.
pub fn fewest_indexes(needs: &[&IndexNeed]) -> Vec<Advised> {
    let mut order: Vec<usize> = (0..needs.len()).filter(|&need| width(needs[need]) > 0).collect();
    order.sort_by_key(|&need| std::cmp::Reverse(width(needs[need])));
    let mut found: Vec<(Vec<Group>, Vec<usize>)> = Vec::new();
    for need in order {
        let wanted = groups(needs[need]);
        let place = found.iter().enumerate().find_map(|(place, (groups, _))| Some((place, refined(groups, &wanted)?)));
        match place {
            Some((place, groups)) => {
                found[place].0 = groups;
                found[place].1.push(need);
            }
            None => found.push((wanted, vec![need])),
        }
    }
    let advised = |(groups, serves): (Vec<Group>, Vec<usize>)| Advised { columns: groups.concat(), serves };
    found.into_iter().map(advised).collect()
}

/// Columns whose order among themselves is free.
type Group = Vec<(String, KeyUse)>;

fn width(need: &IndexNeed) -> usize {
    need.equal.len() + need.then.len()
}

/// What a need asks for, from the left.
fn groups(need: &IndexNeed) -> Vec<Group> {
    let equal: Group = need.equal.iter().map(|name| (name.clone(), KeyUse::Equal)).collect();
    let then = need.then.iter().map(|one| vec![one.clone()]);
    std::iter::once(equal).chain(then).filter(|group| !group.is_empty()).collect()
}

/// The groups of an index, with less freedom, so that it begins with what is wanted too; `None` if it cannot.
fn refined(groups: &[Group], wanted: &[Group]) -> Option<Vec<Group>> {
    let mut rest: Vec<Group> = groups.to_vec();
    let mut done: Vec<Group> = Vec::new();
    for group in wanted {
        let mut left: Group = group.clone();
        while !left.is_empty() {
            if rest.is_empty() {
                return None;
            }
            let mut first = rest.remove(0);
            let mut taken: Group = Vec::new();
            for (name, own) in std::mem::take(&mut first) {
                match left.iter().position(|(wanted, _)| same_name(wanted, &name)) {
                    Some(at) => taken.push((name, own.and(left.remove(at).1)?)),
                    None => first.push((name, own)),
                }
            }
            // What stands before the rest of what is wanted must be wanted itself.
            if taken.is_empty() || (!first.is_empty() && !left.is_empty()) {
                return None;
            }
            done.push(taken);
            if !first.is_empty() {
                rest.insert(0, first);
            }
        }
    }
    done.extend(rest);
    Some(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `a b; c` are two equalities and a range behind them; `<` and `>` are sorts, `~` is the beginning of a text.
    fn need(text: &str) -> IndexNeed {
        let (equal, then) = text.split_once(';').unwrap_or((text, ""));
        let then = then.split_whitespace().map(|word| match word.split_at(1) {
            ("<", name) => (name.to_owned(), KeyUse::Ascending),
            (">", name) => (name.to_owned(), KeyUse::Descending),
            ("~", name) => (name.to_owned(), KeyUse::Prefix),
            _ => (word.to_owned(), KeyUse::Ordered),
        });
        IndexNeed {
            table: "t".to_owned(),
            dialect: "postgresql",
            equal: equal.split_whitespace().map(str::to_owned).collect(),
            then: then.collect(),
        }
    }

    #[test]
    fn one_index_serves_what_it_begins_with() {
        for (needs, expected) in [
            (&["a"] as &[&str], "a"),
            (&["a", "a"], "a"),
            (&["a", "b"], "a | b"),
            // Equalities stand in the order that the narrower need asks for.
            (&["b", "a b"], "b a"),
            (&["a b c", "c", "b c"], "c b a"),
            (&["a b", "a", "b"], "a b | b"),
            (&["a b; c", "b; a"], "b a c"),
            // Nothing of a range is narrowed by what stands behind it.
            (&["a; c", "a c"], "a c"),
            (&["a; c", "c"], "a c | c"),
            (&["; c", "c a"], "c a"),
            (&["a; c", "a; d"], "a c | a d"),
            (&["a; c d", "a; c"], "a c d"),
            // Directions.
            (&["a; <c >d", "a; c"], "a c >d"),
            (&["; <c >d", "; <c <d"], "c >d | c d"),
            (&["; >c <d", "c"], ">c d"),
            (&["; ~c", "c"], "~c | c"),
            (&["; ~c", "; c"], "~c | c"),
            (&["A b", "B"], "b A"),
        ] {
            let needs: Vec<IndexNeed> = needs.iter().map(|text| need(text)).collect();
            let found = fewest_indexes(&needs.iter().collect::<Vec<_>>());
            let shown = |(name, wanted): &(String, KeyUse)| match wanted {
                KeyUse::Descending => format!(">{name}"),
                KeyUse::Prefix => format!("~{name}"),
                _ => name.clone(),
            };
            let shown = found.iter().map(|one| one.columns.iter().map(shown).collect::<Vec<_>>().join(" "));
            assert_eq!(shown.collect::<Vec<_>>().join(" | "), expected, "{needs:?}");
            let mut served: Vec<usize> = found.into_iter().flat_map(|one| one.serves).collect();
            served.sort_unstable();
            assert_eq!(served, (0..needs.len()).collect::<Vec<_>>());
        }
    }
}
