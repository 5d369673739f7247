//! One file per rule, and the one list of them.

mod repeated;
