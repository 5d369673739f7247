//! Real database engines for tests: PostgreSQL and MariaDB as installed, on a socket in a folder of their own, and
//! SQLite in this process.
//!
//! A server runs as an ordinary user (as `nobody` when the tests run as root), listens on no port, and ends with the
//! test: when it is dropped, or when the test's process is gone. [`Engine::database`] gives an empty database with the
//! same few questions on all engines: run, rows, plan, work.

use std::cell::Cell;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use rusqlite::fallible_iterator::FallibleIterator as _;
use rusqlite::{Connection, StatementStatus};
use tempfile::TempDir;

/// The user `nobody` and its group on Debian: servers refuse to run as root.
const NOBODY: u32 = 65534;

/// How long a server may take to answer for the first time.
const PATIENCE: Duration = Duration::from_secs(90);

/// What engines there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    PostgreSql,
    MariaDb,
    Sqlite,
}

impl Kind {
    /// All of them.
    pub(crate) const ALL: [Kind; 3] = [Kind::PostgreSql, Kind::MariaDb, Kind::Sqlite];

    /// The name in pages and messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::PostgreSql => "postgresql",
            Kind::MariaDb => "mariadb",
            Kind::Sqlite => "sqlite",
        }
    }

    /// The rows of `numbers(n)`, a table of the numbers from 1 to `n` in a column of that name, that tests write in
    /// every dialect alike.
    fn numbers(self, count: &str) -> String {
        match self {
            Kind::PostgreSql => format!("(SELECT generate_series(1, {count}) AS n) AS numbers"),
            Kind::MariaDb => format!("(SELECT seq AS n FROM seq_1_to_{count}) AS numbers"),
            Kind::Sqlite => format!(
                "(WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {count}) \
                 SELECT n FROM counted) AS numbers"
            ),
        }
    }

    /// `sql` with the rows of each `numbers(n)` put in.
    fn with_numbers(self, sql: &str) -> String {
        let mut text = String::new();
        let mut rest = sql;
        while let Some(at) = rest.find("numbers(") {
            let count = &rest[at + "numbers(".len()..];
            let end = count.find(')').expect("numbers(n) is closed");
            text.push_str(&rest[..at]);
            text.push_str(&self.numbers(&count[..end]));
            rest = &count[end + 1..];
        }
        text + rest
    }
}

/// An engine that answers.
#[derive(Debug)]
pub(crate) enum Engine {
    Server(Server),
    /// Every database is one of its own.
    Sqlite,
}

impl Engine {
    /// Starts an engine; `Ok(None)` if it is not installed.
    pub(crate) fn start(kind: Kind) -> Result<Option<Engine>, String> {
        let server = match kind {
            Kind::PostgreSql => Server::postgresql()?,
            Kind::MariaDb => Server::mariadb()?,
            Kind::Sqlite => return Ok(Some(Engine::Sqlite)),
        };
        Ok(server.map(Engine::Server))
    }

    /// Starts an engine. Without it this says so, and is an error where `CI` is set.
    pub(crate) fn start_or_say(kind: Kind) -> Option<Engine> {
        let engine = Engine::start(kind).unwrap_or_else(|error| panic!("{} does not start: {error}", kind.name()));
        if engine.is_none() {
            assert!(std::env::var_os("CI").is_none(), "{} is not installed; tests/run installs it", kind.name());
            eprintln!("{} is not installed: what it proves is not tested here; tests/run installs it", kind.name());
        }
        engine
    }

    /// A new empty database.
    pub(crate) fn database(&self) -> Result<Database<'_>, String> {
        match self {
            Engine::Sqlite => {
                let connection = Connection::open_in_memory().map_err(|error| error.to_string())?;
                connection.execute_batch("PRAGMA foreign_keys = ON").map_err(|error| error.to_string())?;
                Ok(Database::Sqlite(connection))
            }
            Engine::Server(server) => {
                let number = server.databases.get() + 1;
                server.databases.set(number);
                let name = format!("d{number}");
                server.ask("", &format!("CREATE DATABASE {name};"))?;
                Ok(Database::Server(server, name))
            }
        }
    }
}

/// A server of a test's own.
#[derive(Debug)]
pub(crate) struct Server {
    kind: Kind,
    /// The shell that runs it, and ends it when it can read no more.
    shell: Child,
    input: Option<ChildStdin>,
    client: PathBuf,
    databases: Cell<u32>,
    /// Its data and its socket.
    folder: TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.shell.wait();
    }
}

impl Server {
    fn postgresql() -> Result<Option<Server>, String> {
        let (Some(initdb), Some(postgres), Some(psql)) = (program("initdb"), program("postgres"), program("psql"))
        else {
            return Ok(None);
        };
        let folder = own_folder()?;
        let data = folder.path().join("data");
        let mut initialise = as_ordinary_user(&initdb, &folder);
        // The collation of a language, as most databases have it: it decides which indexes serve LIKE.
        initialise
            .args(["--auth=trust", "--username=seqscan", "--encoding=UTF8", "--locale=C", "--no-sync"])
            .args(["--locale-provider=icu", "--icu-locale=en-US", "--pgdata"])
            .arg(&data);
        succeed(&mut initialise)?;
        let mut command = as_ordinary_user(Path::new("sh"), &folder);
        command.args(["-c", RUN_AND_STOP, "QUIT"]).arg(&postgres).arg("-D").arg(&data).arg("-k").arg(folder.path());
        let settings = [
            "listen_addresses=",
            "fsync=off",
            "full_page_writes=off",
            "synchronous_commit=off",
            "shared_buffers=256MB",
            "autovacuum=off",
            "jit=off",
            "max_parallel_workers_per_gather=0",
            "max_parallel_maintenance_workers=0",
        ];
        for setting in settings {
            command.args(["-c", setting]);
        }
        Server::run(Kind::PostgreSql, command, psql, folder).map(Some)
    }

    fn mariadb() -> Result<Option<Server>, String> {
        let (Some(install), Some(mariadbd), Some(client)) =
            (program("mariadb-install-db"), program("mariadbd"), program("mariadb"))
        else {
            return Ok(None);
        };
        let folder = own_folder()?;
        let data = folder.path().join("data");
        let mut initialise = as_ordinary_user(&install, &folder);
        initialise
            .args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"])
            .arg(format!("--datadir={}", data.display()));
        succeed(&mut initialise)?;
        let mut command = as_ordinary_user(Path::new("sh"), &folder);
        command
            .args(["-c", RUN_AND_STOP, "KILL"])
            .arg(&mariadbd)
            .args(["--no-defaults", "--skip-networking", "--skip-grant-tables", "--innodb-flush-log-at-trx-commit=0"])
            .args(["--innodb-buffer-pool-size=256M", "--innodb-log-file-size=64M", "--loose-skip-log-bin"])
            .args(["--character-set-server=utf8mb4", "--collation-server=utf8mb4_general_ci"])
            .arg(format!("--datadir={}", data.display()))
            .arg(format!("--tmpdir={}", folder.path().display()))
            .arg(format!("--pid-file={}", folder.path().join("pid").display()))
            .arg(format!("--socket={}", folder.path().join("socket").display()));
        Server::run(Kind::MariaDb, command, client, folder).map(Some)
    }

    /// Runs the shell that runs the server, and waits for the first answer.
    fn run(kind: Kind, mut command: Command, client: PathBuf, folder: TempDir) -> Result<Server, String> {
        let log = std::fs::File::create(folder.path().join("log")).map_err(|error| error.to_string())?;
        let again = log.try_clone().map_err(|error| error.to_string())?;
        command.stdin(Stdio::piped()).stdout(log).stderr(again);
        let mut shell = command.spawn().map_err(|error| error.to_string())?;
        let input = shell.stdin.take();
        let mut server = Server { kind, shell, input, client, databases: Cell::new(0), folder };
        let begun = Instant::now();
        loop {
            let answer = server.ask("", "SELECT 1;");
            let ended = server.shell.try_wait().map_err(|error| error.to_string())?.is_some();
            match answer {
                Ok(_) => return Ok(server),
                Err(_) if !ended && begun.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(50)),
                Err(error) => {
                    let log = std::fs::read_to_string(server.folder.path().join("log")).unwrap_or_default();
                    return Err(format!("{error}\n{log}"));
                }
            }
        }
    }

    /// What the server answers in one session: a line for each row, columns apart by tabs.
    fn ask(&self, database: &str, sql: &str) -> Result<String, String> {
        let mut command = Command::new(&self.client);
        match self.kind {
            Kind::PostgreSql => {
                command
                    .args(["-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-U", "seqscan", "-h"])
                    .arg(self.folder.path())
                    .args(["-d", if database.is_empty() { "postgres" } else { database }]);
            }
            _ => {
                command
                    .args(["--no-defaults", "--batch", "--skip-column-names", "--user=root"])
                    .arg(format!("--socket={}", self.folder.path().join("socket").display()))
                    .arg(database);
            }
        }
        let mut client = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        let mut input = client.stdin.take().expect("the input is piped");
        // What is asked is short, and an answer comes only after it: neither waits for the other.
        let written = input.write_all(sql.as_bytes());
        drop(input);
        let output = client.wait_with_output().map_err(|error| error.to_string())?;
        if !output.status.success() || written.is_err() {
            return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// An empty database of an engine.
#[derive(Debug)]
pub(crate) enum Database<'e> {
    Server(&'e Server, String),
    Sqlite(Connection),
}

impl Database<'_> {
    /// Of which engine it is.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Database::Server(server, _) => server.kind,
            Database::Sqlite(_) => Kind::Sqlite,
        }
    }

    /// Runs statements, each of which ends in a semicolon. `numbers(1000)` is a table of the numbers `n` from 1 to 1000.
    pub(crate) fn run(&self, sql: &str) -> Result<(), String> {
        let sql = self.kind().with_numbers(sql);
        match self {
            Database::Server(server, name) => server.ask(name, &sql).map(drop),
            Database::Sqlite(connection) => connection.execute_batch(&sql).map_err(|error| error.to_string()),
        }
    }

    /// Collects what the planner knows of the rows.
    pub(crate) fn analyse(&self, tables: &[&str]) -> Result<(), String> {
        match self.kind() {
            Kind::PostgreSql => self.run("VACUUM (ANALYZE);"),
            Kind::Sqlite => self.run("ANALYZE;"),
            Kind::MariaDb => tables.iter().try_for_each(|table| self.run(&format!("ANALYZE TABLE {table};"))),
        }
    }

    /// The rows of a query, columns apart by tabs, sorted.
    pub(crate) fn rows(&self, query: &str) -> Result<Vec<String>, String> {
        let query = self.kind().with_numbers(query);
        let mut rows: Vec<String> = match self {
            Database::Server(server, name) => server.ask(name, &query)?.lines().map(str::to_owned).collect(),
            Database::Sqlite(connection) => read(connection, &query).map_err(|error| error.to_string())?,
        };
        rows.sort();
        Ok(rows)
    }

    /// The rows of all queries of a script, in order, columns apart by tabs; a null is `NULL`.
    pub(crate) fn answers(&self, script: &str) -> Result<Vec<String>, String> {
        match self {
            Database::Server(server, name) => {
                let shown = if server.kind == Kind::PostgreSql { "\\pset null NULL\n" } else { "" };
                Ok(server.ask(name, &format!("{shown}{script}"))?.lines().map(str::to_owned).collect())
            }
            Database::Sqlite(connection) => read_all(connection, script).map_err(|error| error.to_string()),
        }
    }

    /// The plan of a query, as the engine writes it for people.
    pub(crate) fn plan(&self, query: &str) -> Result<String, String> {
        let explain = match self.kind() {
            Kind::Sqlite => "EXPLAIN QUERY PLAN",
            _ => "EXPLAIN",
        };
        let asked = self.kind().with_numbers(&format!("{explain} {query}"));
        match self {
            Database::Server(server, name) => server.ask(name, &asked),
            Database::Sqlite(connection) => {
                read(connection, &asked).map(|lines| lines.join("\n")).map_err(|error| error.to_string())
            }
        }
    }

    /// How much a statement does when it runs, the same each time: the buffers that PostgreSQL touches, the rows that
    /// MariaDB's handlers read, the steps of SQLite's machine. At least 1. What it writes is undone.
    pub(crate) fn work(&self, query: &str) -> Result<u64, String> {
        let query = self.kind().with_numbers(query);
        let query = query.trim().trim_end_matches(';');
        let work = match self {
            Database::Sqlite(connection) => steps(connection, query).map_err(|error| error.to_string())?,
            Database::Server(server, name) if server.kind == Kind::PostgreSql => {
                let asked = format!("BEGIN; EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {query}; ROLLBACK;");
                buffers(&server.ask(name, &asked)?)?
            }
            Database::Server(server, name) => {
                let asked =
                    format!("FLUSH STATUS; BEGIN; {query}; SHOW SESSION STATUS LIKE 'Handler_read%'; ROLLBACK;");
                handler_reads(&server.ask(name, &asked)?)
            }
        };
        Ok(work.max(1))
    }
}

/// Runs the rest of its arguments, and ends it by the signal it is named after when its input ends.
const RUN_AND_STOP: &str = "\"$@\" & server=$!; while read -r line; do :; done; kill -s \"$0\" \"$server\"; wait";

fn read(connection: &Connection, query: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare(query.trim().trim_end_matches(';'))?;
    let mut found = Vec::new();
    read_rows(&mut statement, "", &mut found)?;
    Ok(found)
}

fn read_all(connection: &Connection, script: &str) -> rusqlite::Result<Vec<String>> {
    let mut statements = rusqlite::Batch::new(connection, script);
    let mut found = Vec::new();
    while let Some(mut statement) = statements.next()? {
        read_rows(&mut statement, "NULL", &mut found)?;
    }
    Ok(found)
}

fn read_rows(statement: &mut rusqlite::Statement<'_>, null: &str, found: &mut Vec<String>) -> rusqlite::Result<()> {
    let width = statement.column_count();
    // A parameter without a value is null.
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        let columns: Vec<String> = (0..width)
            .map(|index| match row.get_ref(index) {
                Ok(rusqlite::types::ValueRef::Integer(number)) => number.to_string(),
                Ok(rusqlite::types::ValueRef::Real(number)) => number.to_string(),
                Ok(rusqlite::types::ValueRef::Text(text)) => String::from_utf8_lossy(text).into_owned(),
                _ => null.to_owned(),
            })
            .collect();
        found.push(columns.join("\t"));
    }
    Ok(())
}

fn steps(connection: &Connection, query: &str) -> rusqlite::Result<u64> {
    connection.execute_batch("SAVEPOINT measured")?;
    let mut statement = connection.prepare(query)?;
    let mut rows = statement.query([])?;
    while rows.next()?.is_some() {}
    drop(rows);
    let steps = statement.get_status(StatementStatus::VmStep);
    drop(statement);
    connection.execute_batch("ROLLBACK TO measured; RELEASE measured")?;
    Ok(u64::try_from(steps).unwrap_or(0))
}

fn buffers(explained: &str) -> Result<u64, String> {
    let value: serde_json::Value = serde_json::from_str(explained).map_err(|error| error.to_string())?;
    let plan = &value[0]["Plan"];
    let blocks = ["Shared Hit Blocks", "Shared Read Blocks", "Temp Read Blocks", "Temp Written Blocks"];
    Ok(blocks.iter().filter_map(|name| plan[name].as_u64()).sum())
}

fn handler_reads(answer: &str) -> u64 {
    let counters = answer.lines().filter_map(|line| line.strip_prefix("Handler_read")?.split_once('\t'));
    counters.filter_map(|(_, count)| count.trim().parse::<u64>().ok()).sum()
}

/// Where a program is: on the path, or where Debian keeps servers.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    if let Ok(entries) = std::fs::read_dir("/usr/lib/postgresql") {
        let mut versions: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).collect();
        versions.sort();
        folders.extend(versions.into_iter().rev());
    }
    folders.extend(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from));
    folders.into_iter().map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// A folder that belongs to whoever runs the server.
fn own_folder() -> Result<TempDir, String> {
    let folder = tempfile::Builder::new().prefix("engine").tempdir().map_err(|error| error.to_string())?;
    if is_root(&folder) {
        chown(folder.path(), Some(NOBODY), Some(NOBODY)).map_err(|error| error.to_string())?;
    }
    Ok(folder)
}

/// Whether this process is root's: what it makes is.
fn is_root(folder: &TempDir) -> bool {
    std::fs::metadata(folder.path()).is_ok_and(|metadata| metadata.uid() == 0 || metadata.uid() == NOBODY)
}

fn as_ordinary_user(program: &Path, folder: &TempDir) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder.path()).env("HOME", folder.path()).env("LC_ALL", "C");
    if is_root(folder) {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

fn succeed(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    Err(format!("{}\n{}", text(&output.stdout), text(&output.stderr)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_answer_alike() {
        for kind in Kind::ALL {
            let Some(engine) = Engine::start_or_say(kind) else { continue };
            let database = engine.database().unwrap();
            database.run("CREATE TABLE t (id int PRIMARY KEY, a int, name varchar(20));").unwrap();
            database.run("INSERT INTO t SELECT n, n % 10, concat('n', n) FROM numbers(5000);").unwrap();
            database.analyse(&["t"]).unwrap();
            assert_eq!(database.rows("SELECT id, name FROM t WHERE id IN (7, 3)").unwrap(), ["3\tn3", "7\tn7"]);
            let all = database.work("SELECT * FROM t WHERE name = 'n7'").unwrap();
            let one = database.work("SELECT * FROM t WHERE id = 7").unwrap();
            assert!(all > one * 5, "{}: {all} and {one}", kind.name());
            database.work("DELETE FROM t").unwrap();
            assert_eq!(database.rows("SELECT count(*) FROM t").unwrap(), ["5000"], "what is measured is undone");
            let plan = database.plan("SELECT * FROM t WHERE name = 'n7'").unwrap();
            let whole = match kind {
                Kind::PostgreSql => "Seq Scan on t",
                Kind::MariaDb => "\tALL\t",
                Kind::Sqlite => "SCAN t",
            };
            assert!(plan.contains(whole), "{}: {plan}", kind.name());
            assert!(database.run("SELECT * FROM nothing;").is_err());
            assert!(engine.database().unwrap().rows("SELECT * FROM t").is_err(), "databases are apart");
        }
    }

    #[test]
    fn numbers_are_written_for_each_engine() {
        let text = "INSERT INTO t SELECT n FROM numbers(10) WHERE n > 3;";
        assert_eq!(
            Kind::MariaDb.with_numbers(text),
            "INSERT INTO t SELECT n FROM (SELECT seq AS n FROM seq_1_to_10) AS numbers WHERE n > 3;"
        );
    }
}
