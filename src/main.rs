//! The `seqscan` binary.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    seqscan::cli::main(seqscan::lsp::run)
}
