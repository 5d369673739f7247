//! What the pages claim is proved on real engines.
//!
//! The last section of a page, `## Proof`, holds fences whose info string is `toml proof`: a schema with generated
//! rows, a slow form and a fast one, and what is claimed of them on which engines. See [`Proof`] for the keys.
//!
//! `SEQSCAN_CASE=text` runs only the proofs of the pages whose names contain it, `SEQSCAN_PROOF=show` prints what was
//! measured: the numbers of the pages come from there.

use std::path::PathBuf;

use serde::Deserialize;

use crate::engines::{Database, Engine, Kind};
use crate::pages::{markdown, rule_of};

/// One `toml proof` fence.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Proof {
    /// What is shown, in a few words.
    about: String,
    /// On which engines: `postgresql`, `mariadb`, `sqlite`.
    engines: Vec<String>,
    /// The tables, and rows by `INSERT … SELECT … FROM numbers(1000)`; each statement ends in a semicolon.
    setup: String,
    /// The form that the rule reports.
    slow: String,
    /// The form that it asks for; the same as `slow` if only `change` makes the difference.
    fast: Option<String>,
    /// What is run between the two: an index.
    #[serde(default)]
    change: String,
    /// The slow form does at least so many times the work: buffers, rows read or machine steps.
    more_work: Option<f64>,
    /// The slow form does at most so many times the work: no difference that matters.
    at_most: Option<f64>,
    /// Words that stand in the plan of the slow form, and not in that of the fast one.
    plan: Option<String>,
    /// Words that stand in the plan of the fast form, and not in that of the slow one.
    fast_plan: Option<String>,
    /// Whether both give the same rows (true), or are known not to on these rows (false).
    same_rows: Option<bool>,
    /// What a migration does: proved in a transaction that is undone.
    #[serde(default)]
    migration: Option<Migration>,
}

/// What is claimed of the slow form as a statement of a migration; the fast form must do nothing of it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Migration {
    /// The table.
    table: String,
    /// The lock that it holds on the table until its transaction ends, as PostgreSQL names it.
    lock: Option<String>,
    /// Whether all rows are written anew.
    #[serde(default)]
    rewrites: bool,
    /// Whether all rows are read.
    #[serde(default)]
    scans: bool,
    /// Words of the error with which the engine refuses it.
    refused: Option<String>,
}

#[test]
fn pages_prove_what_they_claim() {
    let only = std::env::var("SEQSCAN_CASE").unwrap_or_default();
    let mut proofs: Vec<(String, Proof)> = Vec::new();
    for path in markdown("rules") {
        proofs.extend(proofs_of(&path).into_iter().map(|proof| (rule_of(&path), proof)));
    }
    proofs.retain(|(rule, _)| rule.contains(&only));
    // The servers wait for each other's disk more than for a processor.
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = Kind::ALL
            .iter()
            .map(|&kind| {
                let proofs = &proofs;
                scope.spawn(move || prove_all(kind, proofs))
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{} claims do not hold\n\n{}", wrong.len(), wrong.join("\n\n"));
}

/// The proofs of a page.
fn proofs_of(path: &PathBuf) -> Vec<Proof> {
    let text = std::fs::read_to_string(path).unwrap();
    let fences = text.split("\n```toml proof\n").skip(1);
    fences
        .map(|rest| {
            let (fence, _) = rest.split_once("\n```").expect("the fence ends");
            let proof: Proof = toml::from_str(fence).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            for engine in &proof.engines {
                assert!(Kind::ALL.iter().any(|kind| kind.name() == engine), "{}: {engine}", path.display());
            }
            proof
        })
        .collect()
}

fn prove_all(kind: Kind, proofs: &[(String, Proof)]) -> Vec<String> {
    let own: Vec<&(String, Proof)> =
        proofs.iter().filter(|(_, proof)| proof.engines.iter().any(|engine| engine == kind.name())).collect();
    if own.is_empty() {
        return Vec::new();
    }
    let Some(engine) = Engine::start_or_say(kind) else { return Vec::new() };
    let failed = |(rule, proof): &&(String, Proof)| {
        let error = engine.database().and_then(|database| prove(&database, proof)).err()?;
        Some(format!("{rule}: {} ({}): {error}", proof.about, kind.name()))
    };
    own.iter().copied().filter_map(|proof| failed(&proof)).collect()
}

/// Proves one claim in an empty database; the error says what does not hold.
fn prove(database: &Database<'_>, proof: &Proof) -> Result<(), String> {
    let context = |what: &'static str| move |error: String| format!("{what}: {error}");
    database.run(&proof.setup).map_err(context("the setup"))?;
    let tables: Vec<&str> = created(&proof.setup).collect();
    database.analyse(&tables)?;
    if let Some(migration) = &proof.migration {
        migration.prove(database, proof)?;
    }
    let fast = proof.fast.as_deref().unwrap_or(&proof.slow);
    let compares = proof.more_work.is_some() || proof.at_most.is_some() || proof.same_rows.is_some();
    if !compares && proof.plan.is_none() && proof.fast_plan.is_none() {
        return if proof.migration.is_some() { Ok(()) } else { Err("nothing is claimed".to_owned()) };
    }
    let plan = database.plan(&proof.slow).map_err(context("the slow form"))?;
    let rows = if proof.same_rows.is_some() { database.rows(&proof.slow)? } else { Vec::new() };
    let measures = proof.more_work.is_some() || proof.at_most.is_some();
    let work = if measures { database.work(&proof.slow).map_err(context("the slow form"))? } else { 1 };
    if !proof.change.is_empty() {
        database.run(&proof.change).map_err(context("the change"))?;
        database.analyse(&tables)?;
    }
    let fast_plan = database.plan(fast).map_err(context("the fast form"))?;
    let fast_work = if measures { database.work(fast).map_err(context("the fast form"))? } else { 1 };
    let ratio = work as f64 / fast_work as f64;
    let plans = || format!("\nslow:\n{plan}\nfast:\n{fast_plan}");
    if std::env::var_os("SEQSCAN_PROOF").is_some() {
        eprintln!("{} ({}): {work} / {fast_work} = {ratio:.1}{}", proof.about, database.kind().name(), plans());
    }
    if proof.more_work.is_some_and(|least| ratio < least) || proof.at_most.is_some_and(|most| ratio > most) {
        return Err(format!("the slow form does {ratio:.1} times the work: {work} / {fast_work}{}", plans()));
    }
    if let Some(words) = &proof.plan
        && (!plan.contains(words) || fast_plan.contains(words))
    {
        return Err(format!("`{words}` tells the slow plan from the fast one{}", plans()));
    }
    if let Some(words) = &proof.fast_plan
        && (plan.contains(words) || !fast_plan.contains(words))
    {
        return Err(format!("`{words}` tells the fast plan from the slow one{}", plans()));
    }
    if let Some(same) = proof.same_rows {
        let fast_rows = database.rows(fast)?;
        if (rows == fast_rows) != same {
            let first = |rows: &[String]| rows.iter().take(5).cloned().collect::<Vec<_>>().join(" | ");
            let (slow, fast) = (first(&rows), first(&fast_rows));
            let found = if same { "differ" } else { "are the same" };
            return Err(format!("the rows {found}: {} and {}: {slow} / {fast}", rows.len(), fast_rows.len()));
        }
    }
    Ok(())
}

/// The tables that a setup creates.
fn created(setup: &str) -> impl Iterator<Item = &str> {
    setup.split("CREATE TABLE ").skip(1).filter_map(|rest| rest.split([' ', '(', '\n']).next())
}

impl Migration {
    fn prove(&self, database: &Database<'_>, proof: &Proof) -> Result<(), String> {
        if let Some(words) = &self.refused {
            let error = match database.run(&format!("{};", proof.slow)) {
                Ok(()) => return Err("the slow form is not refused".to_owned()),
                Err(error) => error,
            };
            if !error.contains(words.as_str()) {
                return Err(format!("`{words}` is not what it is refused with: {error}"));
            }
            return match &proof.fast {
                Some(fast) => database.run(&format!("{fast};")).map_err(|error| format!("the fast form: {error}")),
                None => Ok(()),
            };
        }
        let slow = self.effects(database, &proof.slow).map_err(|error| format!("the slow form: {error}"))?;
        let claimed = Effects { lock: self.lock.clone(), rewrites: self.rewrites, scans: self.scans };
        let own = Effects { lock: self.lock.as_ref().and(slow.lock.clone()), ..slow.clone() };
        if own != claimed {
            return Err(format!("claimed: {claimed:?}, found: {slow:?}"));
        }
        let Some(fast) = &proof.fast else { return Ok(()) };
        let fast = self.effects(database, fast).map_err(|error| format!("the fast form: {error}"))?;
        let no_better = fast.rewrites || fast.scans || (self.lock.is_some() && fast.lock == slow.lock);
        let locks_only = !self.rewrites && !self.scans;
        if (locks_only && no_better) || (!locks_only && (fast.rewrites || fast.scans)) {
            return Err(format!("the fast form is no better: {fast:?}"));
        }
        Ok(())
    }

    /// What a statement does to the table, in a transaction that is undone.
    fn effects(&self, database: &Database<'_>, statement: &str) -> Result<Effects, String> {
        let table = &self.table;
        let answers = database.rows(&format!(
            "BEGIN; SELECT '1 before ' || pg_relation_filenode('{table}');
             {statement};
             SELECT '2 after ' || pg_relation_filenode('{table}');
             SELECT '3 read ' || seq_tup_read FROM pg_stat_xact_user_tables WHERE relname = '{table}';
             SELECT '4 lock ' || mode FROM pg_locks
             WHERE pid = pg_backend_pid() AND relation = '{table}'::regclass AND mode = ANY ({LOCKS})
             ORDER BY array_position({LOCKS}, mode) DESC LIMIT 1;
             ROLLBACK;"
        ))?;
        let answer = |key: &str| answers.iter().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
        let lock = Some(answer("4 lock ").to_owned()).filter(|lock| !lock.is_empty());
        let rewrites = answer("1 before ") != answer("2 after ");
        let read: u64 = answer("3 read ").parse().unwrap_or(0);
        // What is rewritten is read too.
        Ok(Effects { lock, rewrites, scans: read > 0 && !rewrites })
    }
}

/// The locks that keep others from writing or from other changes, the strongest last.
const LOCKS: &str = "ARRAY['ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock', 'AccessExclusiveLock']";

/// What a statement of a migration does to a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Effects {
    lock: Option<String>,
    rewrites: bool,
    scans: bool,
}
