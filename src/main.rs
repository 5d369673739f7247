//! The `seqscan` binary.

fn main() -> std::process::ExitCode {
    seqscan::cli::main()
}
