//! What Django's queries and Python's functions do to rows, by their names.

/// Steps of a query that leave the model and what is loaded as they are.
pub(super) const SAME_ROWS: [&str; 21] = [
    "alias",
    "all",
    "annotate",
    "complex_filter",
    "distinct",
    "exclude",
    "extra",
    "filter",
    "get_queryset",
    "iterator",
    "aiterator",
    "order_by",
    "reverse",
    "select_for_update",
    "using",
    "only",
    "defer",
    "difference",
    "intersection",
    "union",
    "db_manager",
];
/// Steps that give one row.
pub(super) const ONE_ROW: [&str; 10] =
    ["get", "first", "last", "latest", "earliest", "aget", "afirst", "alast", "alatest", "aearliest"];
/// Functions that give the elements of their first argument.
pub(super) const SAME_ELEMENTS: [&str; 9] =
    ["list", "tuple", "set", "frozenset", "sorted", "reversed", "iter", "islice", "tqdm"];
