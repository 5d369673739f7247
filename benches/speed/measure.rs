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

/// Runs both once without counting, then in turns, so that a slow moment of the machine meets both.
pub(crate) fn interleaved(
    repetitions: usize,
    mut first: impl FnMut() -> Cost,
    mut second: impl FnMut() -> Cost,
) -> (Vec<Cost>, Vec<Cost>) {
    first();
    second();
    (0..repetitions).map(|_| (first(), second())).unzip()
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

/// What `work` costs.
pub(crate) fn cost(work: impl FnOnce()) -> Cost {
    let (before, start) = (cpu(), Instant::now());
    work();
    Cost { cpu: cpu() - before, wall: start.elapsed().as_secs_f64() }
}

/// User and system time of this process so far, of ended threads too, in seconds.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program, in brackets, may hold anything.
    let fields = stat.rfind(')').map_or("", |end| &stat[end + 1..]).split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / TICKS
}
