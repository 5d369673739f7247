//! What the methods of Django's managers and querysets do, by their names: the one list of them.

/// What a method does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Asks for one number or the like of all rows: `aggregate`.
    Aggregates,
    /// Gives the rows of several querysets: `union`.
    Combines,
    /// Leaves columns out: `only`.
    Columns,
    /// Asks whether a row is one of them.
    Contains,
    /// Asks how many rows there are, or whether there are any.
    Counts,
    /// Gives the different dates of a column.
    Dates,
    /// Adds SQL: `extra`.
    Extra,
    /// Gives the rows themselves, without keeping them: `iterator`.
    Iterates,
    /// Fetches rows by their keys: `in_bulk`.
    Keys,
    /// Loads relations along: `select_related`.
    Loads,
    /// Locks the rows.
    Locks,
    /// Gives the queryset of a manager.
    Manages,
    /// Gives no rows.
    Nothing,
    /// Gives one row: `get`, `first`.
    One,
    /// Gives the same rows, fewer of them, or in another order: `filter`, `order_by`.
    Rows,
    /// Gives something else than rows of the model: `values`.
    Values,
    /// Writes: `update`.
    Writes,
}

/// The methods, sorted by name.
const STEPS: [(&str, Step); 56] = [
    ("aaggregate", Step::Aggregates),
    ("abulk_create", Step::Writes),
    ("abulk_update", Step::Writes),
    ("acontains", Step::Contains),
    ("acount", Step::Counts),
    ("adelete", Step::Writes),
    ("aearliest", Step::One),
    ("aexists", Step::Counts),
    ("afirst", Step::One),
    ("aget", Step::One),
    ("aggregate", Step::Aggregates),
    ("ain_bulk", Step::Keys),
    ("aiterator", Step::Iterates),
    ("alast", Step::One),
    ("alatest", Step::One),
    ("alias", Step::Rows),
    ("all", Step::Rows),
    ("annotate", Step::Rows),
    ("aupdate", Step::Writes),
    ("bulk_create", Step::Writes),
    ("bulk_update", Step::Writes),
    ("complex_filter", Step::Rows),
    ("contains", Step::Contains),
    ("count", Step::Counts),
    ("dates", Step::Dates),
    ("datetimes", Step::Dates),
    ("db_manager", Step::Manages),
    ("defer", Step::Columns),
    ("delete", Step::Writes),
    ("difference", Step::Combines),
    ("distinct", Step::Rows),
    ("earliest", Step::One),
    ("exclude", Step::Rows),
    ("exists", Step::Counts),
    ("extra", Step::Extra),
    ("filter", Step::Rows),
    ("first", Step::One),
    ("get", Step::One),
    ("get_queryset", Step::Manages),
    ("in_bulk", Step::Keys),
    ("intersection", Step::Combines),
    ("iterator", Step::Iterates),
    ("last", Step::One),
    ("latest", Step::One),
    ("none", Step::Nothing),
    ("only", Step::Columns),
    ("order_by", Step::Rows),
    ("prefetch_related", Step::Loads),
    ("reverse", Step::Rows),
    ("select_for_update", Step::Locks),
    ("select_related", Step::Loads),
    ("union", Step::Combines),
    ("update", Step::Writes),
    ("using", Step::Rows),
    ("values", Step::Values),
    ("values_list", Step::Values),
];

impl Step {
    /// What a method of this name does; `None` for those of the project.
    pub(crate) fn named(name: &str) -> Option<Step> {
        STEPS.binary_search_by_key(&name, |&(known, _)| known).ok().map(|at| STEPS[at].1)
    }

    /// Whether it gives rows of the same model, with the same loaded along.
    pub(crate) fn keeps_rows(self) -> bool {
        matches!(
            self,
            Step::Columns | Step::Combines | Step::Extra | Step::Iterates | Step::Locks | Step::Manages | Step::Rows
        )
    }

    /// Whether it leaves out no rows but by the conditions it is given.
    pub(crate) fn tells_its_conditions(self) -> bool {
        !matches!(self, Step::Combines | Step::Contains | Step::Extra | Step::Keys | Step::Nothing)
    }

    /// Whether it asks the database by itself, in place of giving a queryset.
    pub(crate) fn runs(self) -> bool {
        matches!(self, Step::Aggregates | Step::Counts | Step::Iterates | Step::One | Step::Writes)
    }

    /// Whether it gives a queryset that is asked when it is used, of whole rows or parts of them.
    pub(crate) fn gives_queryset(self) -> bool {
        matches!(self, Step::Columns | Step::Extra | Step::Loads | Step::Rows | Step::Values)
    }

    /// Whether rows that are held answer it: of a relation that was prefetched.
    pub(crate) fn is_answered_from_rows(self) -> bool {
        matches!(self, Step::Contains | Step::Counts | Step::Nothing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_sorted() {
        assert!(STEPS.is_sorted_by_key(|(name, _)| name));
        assert_eq!(Step::named("filter"), Some(Step::Rows));
        assert_eq!(Step::named("recent"), None);
    }
}
