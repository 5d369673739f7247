//! Gives seqscan what nobody meant to write, and looks whether it stands: no panic, no hang, no place outside of its
//! text, and after any edits the same findings as from the start.
//!
//! ```text
//! cargo test --test fuzz                                    # a little of everything, the same each time
//! cargo test --release --test fuzz -- --seconds 600         # ten minutes of each target, new each time
//! cargo test --test fuzz -- sql --seed 7 --from 1234        # again what failed
//! ```
//!
//! What begins as a fixture or an example of a rule's page is cut, doubled, swapped, nested and mixed with others. What
//! fails is told with the words that bring it back; it becomes a test where such things are tested.

mod dice;
mod mutate;
#[allow(dead_code, unused_imports, clippy::unwrap_used)]
#[path = "../it/page.rs"]
mod page;
mod seeds;
mod targets;

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use dice::Dice;
use seeds::Seeds;
use targets::{TARGETS, Target};

/// The stack of the thread that works: what seqscan gives its own.
const STACK: usize = 64 << 20;
/// How long one run may take, on a machine that does much else.
const LONGEST: Duration = Duration::from_secs(60);

/// What the command line asks for.
struct Arguments {
    /// Targets whose names hold one of these; nothing: all.
    names: Vec<String>,
    seed: u64,
    /// The first run.
    from: u64,
    /// How long each target is run; without it, as often as it says itself.
    seconds: Option<u64>,
}

fn main() -> ExitCode {
    let arguments = match arguments() {
        Ok(arguments) => arguments,
        Err(message) => {
            eprintln!("{message}\nusage: [TARGET…] [--seconds N] [--seed N] [--from N]");
            return ExitCode::from(2);
        }
    };
    let seeds = Seeds::read();
    let mut failed = false;
    for target in TARGETS.iter().filter(|target| arguments.asks_for(target)) {
        failed |= !run(target, &seeds, &arguments);
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

impl Arguments {
    fn asks_for(&self, target: &Target) -> bool {
        self.names.is_empty() || self.names.iter().any(|name| target.name.contains(name.as_str()))
    }
}

fn arguments() -> Result<Arguments, String> {
    let mut arguments = Arguments { names: Vec::new(), seed: 1, from: 0, seconds: None };
    let mut seed = None;
    let mut given = std::env::args().skip(1);
    while let Some(argument) = given.next() {
        let mut number = || {
            let value = given.next().ok_or_else(|| format!("{argument} needs a number"))?;
            value.parse::<u64>().map_err(|error| format!("{argument} {value}: {error}"))
        };
        match argument.as_str() {
            "--seconds" => arguments.seconds = Some(number()?),
            "--seed" => seed = Some(number()?),
            "--from" => arguments.from = number()?,
            // What the test harness of other tests is told.
            "--quiet" | "--nocapture" | "--exact" | "--include-ignored" => {}
            name if !name.starts_with('-') => arguments.names.push(name.to_owned()),
            other => return Err(format!("unknown: {other}")),
        }
    }
    // Long runs are to find what is new.
    let now = || std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(1, |since| since.as_secs());
    arguments.seed = seed.unwrap_or_else(|| if arguments.seconds.is_some() { now() } else { 1 });
    Ok(arguments)
}

/// Runs one target; whether it stood.
fn run(target: &'static Target, seeds: &Seeds, arguments: &Arguments) -> bool {
    let begin = Instant::now();
    let ends = arguments.seconds.map(|seconds| begin + Duration::from_secs(seconds));
    let said = Arc::new(Mutex::new(String::new()));
    let hear = said.clone();
    std::panic::set_hook(Box::new(move |info| {
        if let Ok(mut said) = hear.lock() {
            *said = info.to_string();
        }
    }));
    let seed = arguments.seed;
    let again = move |at: u64| format!("again: cargo test --test fuzz -- {} --seed {seed} --from {at}", target.name);
    let at = AtomicU64::new(arguments.from);
    let outcome = std::thread::scope(|scope| {
        let work = || {
            let mut run = target.begin();
            let mut slowest = (Duration::ZERO, arguments.from);
            for round in arguments.from.. {
                if ends.map_or(round >= arguments.from + target.rounds, |ends| Instant::now() >= ends) {
                    return Ok((round, slowest));
                }
                at.store(round, Ordering::Relaxed);
                let mut dice = Dice::new(seed, round);
                let begin = Instant::now();
                if catch_unwind(AssertUnwindSafe(|| run(&mut dice, seeds))).is_err() {
                    return Err(round);
                }
                slowest = slowest.max((begin.elapsed(), round));
            }
            unreachable!("rounds do not end")
        };
        let worker = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work).expect("a thread");
        let (mut last, mut since) = (u64::MAX, Instant::now());
        while !worker.is_finished() {
            std::thread::sleep(Duration::from_millis(20));
            let now = at.load(Ordering::Relaxed);
            if now != last {
                (last, since) = (now, Instant::now());
            } else if since.elapsed() > LONGEST {
                eprintln!("{}: run {now} does not end\n{}", target.name, again(now));
                std::process::abort();
            }
        }
        worker.join().unwrap_or(Err(at.load(Ordering::Relaxed)))
    });
    drop(std::panic::take_hook());
    let mut out = std::io::stdout().lock();
    let told = match outcome {
        Ok((rounds, (longest, slowest))) => writeln!(
            out,
            "{}: {} runs stood, {:.1} s; the slowest, {slowest}, took {:.2} s",
            target.name,
            rounds - arguments.from,
            begin.elapsed().as_secs_f64(),
            longest.as_secs_f64()
        ),
        Err(round) => {
            let said = said.lock().map(|said| said.clone()).unwrap_or_default();
            writeln!(out, "{}: run {round} failed: {said}\n{}", target.name, again(round))
        }
    };
    // Whoever does not listen does not need to.
    let _ = told;
    outcome.is_ok()
}
