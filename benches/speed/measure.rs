//! What a piece of work costs: processor time, time on the wall, memory.

use std::ops::Add;
use std::time::Instant;

/// Ticks per second of the times in `/proc`: always a hundred.
const TICKS: f64 = 100.0;

/// What one run cost, in seconds.
#[derive(Clone, Copy, Default)]
pub(crate) struct Cost {
    /// User and system time of all threads; 0 where the system does not tell.
    pub(crate) cpu: f64,
    /// Time on the wall.
    pub(crate) wall: f64,
}

impl Add for Cost {
    type Output = Cost;
    fn add(self, other: Cost) -> Cost {
        Cost { cpu: self.cpu + other.cpu, wall: self.wall + other.wall }
    }
}

/// Runs both once without counting, then in turns, so that a slow moment of the machine meets both. What they
/// give is given back when the time has been taken.
pub(crate) fn interleaved<A, B>(
    repetitions: usize,
    mut first: impl FnMut() -> A,
    mut second: impl FnMut() -> B,
) -> (Vec<Cost>, Vec<Cost>) {
    first();
    second();
    (0..repetitions).map(|_| (cost(&mut first), cost(&mut second))).unzip()
}

/// The median of each part.
pub(crate) fn median(costs: Vec<Cost>) -> Cost {
    let middle = |part: fn(&Cost) -> f64| {
        let mut parts: Vec<f64> = costs.iter().map(part).collect();
        parts.sort_by(f64::total_cmp);
        parts.get(parts.len() / 2).copied().unwrap_or(0.0)
    };
    Cost { cpu: middle(|cost| cost.cpu), wall: middle(|cost| cost.wall) }
}

/// How long `work` takes, in seconds.
pub(crate) fn wall(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

/// User and system time of all children that have ended, in seconds.
pub(crate) fn cpu_of_children() -> f64 {
    times().map_or(0.0, |times| times[2] + times[3])
}

/// The most memory that this process ever held, in kB.
pub(crate) fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// What `work` costs; dropping what it gives is not counted.
pub(crate) fn cost<T>(work: &mut impl FnMut() -> T) -> Cost {
    let (before, start) = (cpu(), Instant::now());
    let given = work();
    let cost = Cost { cpu: cpu() - before, wall: start.elapsed().as_secs_f64() };
    drop(given);
    cost
}

/// User and system time of this process so far, of ended threads too, in seconds.
fn cpu() -> f64 {
    times().map_or(0.0, |times| times[0] + times[1])
}

/// User and system time of this process, then of its ended children.
fn times() -> Option<[f64; 4]> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program, in brackets, may hold anything.
    let mut fields = stat.get(stat.rfind(')')? + 2..)?.split(' ').skip(11);
    let mut next = || fields.next()?.parse::<f64>().ok().map(|ticks| ticks / TICKS);
    Some([next()?, next()?, next()?, next()?])
}
