//! The `seqscan` binary.

fn main() {}
