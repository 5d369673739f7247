//! Input that nobody should write: each is told in one clear line, and nothing panics, hangs or overflows a stack.

use std::fmt::Write as _;
use std::io::{BufWriter, Read, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::project::{Project, seqscan};

/// How long one run may take, however slow the machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a run said.
#[derive(Debug)]
struct Told {
    code: i32,
    out: String,
    err: String,
    /// The most memory it had, in MB; 0 where the system does not tell.
    peak: u64,
}

impl Told {
    /// The one line about something, wherever it is told.
    #[track_caller]
    fn line(&self, about: &str) -> &str {
        let lines: Vec<&str> = self.err.lines().chain(self.out.lines()).filter(|line| line.contains(about)).collect();
        assert_eq!(lines.len(), 1, "one line about `{about}` in {self:#?}");
        lines[0]
    }

    /// Asserts that there is a finding of a rule at a place.
    #[track_caller]
    fn has(&self, place: &str, rule: &str) {
        let found = self.out.lines().any(|line| line.starts_with(place) && line.contains(rule));
        assert!(found, "no {rule} at {place} in {self:#?}");
    }
}

/// Runs `seqscan check` on a project.
#[track_caller]
fn check(project: &Project, args: &[&str]) -> Told {
    let mut command = seqscan();
    command.args(["check", "--preview", "--output-format", "concise"]).args(args).current_dir(project.path());
    wait(command)
}

/// Runs a command to its end, and asserts that it came to one.
#[track_caller]
fn wait(mut command: Command) -> Told {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let out = reader(child.stdout.take().unwrap());
    let err = reader(child.stderr.take().unwrap());
    let (code, peak) = watch(&mut child);
    let told = Told { code, out: out.join().unwrap(), err: err.join().unwrap(), peak };
    assert!(!told.err.contains("panicked") && !told.err.contains("internal error"), "{told:#?}");
    assert!((0..=2).contains(&told.code), "{told:#?}");
    told
}

fn reader(mut stream: impl Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Waits for the end of a process: its exit code (-1 for a signal), and the most memory it had, in MB.
#[track_caller]
fn watch(child: &mut Child) -> (i32, u64) {
    let start = Instant::now();
    let mut peak = 0;
    loop {
        if let Ok(status) = std::fs::read_to_string(format!("/proc/{}/status", child.id())) {
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
            peak = peak.max(kilobytes.unwrap_or(0) / 1024);
        }
        if let Some(status) = child.try_wait().unwrap() {
            return (status.code().unwrap_or(-1), peak);
        }
        if start.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("not done after {PATIENCE:?}");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A query in a loop, at line 6.
const PYTHON: &str = "\
import sqlite3
db = sqlite3.connect('app.db')

def load(ids):
    for id in ids:
        db.execute('SELECT name FROM users WHERE id = ?', (id,))
";

/// A query in a loop, at line 6.
const JAVASCRIPT: &str = "\
const { Pool } = require('pg');
const pool = new Pool();

async function load(ids) {
  for (const id of ids) {
    await pool.query('SELECT name FROM users WHERE id = $1', [id]);
  }
}
module.exports = { load };
";

#[test]
fn invalid_utf8() {
    let mut latin = b"# caf\xE9 \xFF\n".to_vec();
    latin.extend(PYTHON.as_bytes());
    let project = Project::new([("latin.py", latin)]);
    let told = check(&project, &[]);
    told.has("latin.py:7:12", "query-in-loop");
    assert!(told.line("UTF-8").contains("latin.py"), "{told:#?}");
}

#[test]
fn nul_bytes() {
    let project = Project::new([("image.py", b"x = 1\0\0\n".as_slice()), ("good.py", PYTHON.as_bytes())]);
    let told = check(&project, &[]);
    told.has("good.py:6:", "query-in-loop");
    told.line("1 binary file");
}

#[test]
fn utf16() {
    let wide =
        |text: &str| [0xFEFF].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let project = Project::new([("wide.sql", wide("SELECT 1;\r\nSELECT * FROM t WHERE name LIKE '%x%';\r\n"))]);
    let told = check(&project, &[]);
    told.has("wide.sql:2:", "leading-wildcard-like");
    told.line("UTF-16");
}

#[test]
fn byte_order_marks_and_line_ends() {
    let crlf = |text: &str| format!("\u{feff}{}", text.replace('\n', "\r\n"));
    let sql = "SELECT * FROM t WHERE name LIKE '%x%';\nSELECT 1;\n";
    let project = Project::new([
        ("a.py", crlf(PYTHON)),
        ("b.js", crlf(JAVASCRIPT)),
        ("c.sql", crlf(sql)),
        ("old.py", PYTHON.replace('\n', "\r\n")),
    ]);
    let told = check(&project, &[]);
    told.has("a.py:6:12", "query-in-loop");
    told.has("b.js:6:16", "query-in-loop");
    told.has("c.sql:1:", "leading-wildcard-like");
    told.has("old.py:6:12", "query-in-loop");
    assert!(!told.err.contains("not understood"), "{told:#?}");
}

#[test]
fn files_of_50_mb() {
    let lines = |line: &str| line.repeat(50 * 1024 * 1024 / line.len());
    let project = Project::new([("good.py", PYTHON.to_owned())]);
    project.write("big.py", lines("x = [1, 2, 3]\n"));
    project.write("big.ts", lines("const x = [1, 2, 3];\n"));
    let sql = lines("INSERT INTO t VALUES (1, 'a;b');\n");
    let end = sql.lines().count() + 1;
    project.write("big.sql", sql + "SELECT * FROM t WHERE name LIKE '%x%';\n");
    let told = check(&project, &[]);
    told.has("good.py:6:", "query-in-loop");
    told.has(&format!("big.sql:{end}:"), "leading-wildcard-like");
    told.line("2 files that are too large");
    assert!(told.peak < 200, "{} MB", told.peak);
}

#[test]
fn lines_of_5_mb() {
    let long = "a".repeat(5 << 20);
    let project = Project::new([("good.js", JAVASCRIPT.to_owned())]);
    project.write("big.py", format!("x = '{long}'\n"));
    project.write("almost.py", format!("x = '{}'\n{PYTHON}", &long[..1_900_000]));
    project.write("packed.js", "a=b;".repeat(400_000));
    project.write("big.sql", format!("INSERT INTO t VALUES ('{long}');\nSELECT * FROM t WHERE a LIKE '%x';\n"));
    let told = check(&project, &[]);
    told.has("good.js:6:", "query-in-loop");
    told.has("almost.py:7:", "query-in-loop");
    told.has("big.sql:2:", "leading-wildcard-like");
    told.line("1 minified file");
    told.line("1 file that is too large");
}

/// The same `inner` within so many pairs of `open` and `close`.
fn nested(depth: usize, open: &str, inner: &str, close: &str) -> String {
    format!("{}{inner}{}", open.repeat(depth), close.repeat(depth))
}

#[test]
fn nesting_10_000_deep() {
    const DEPTH: usize = 10_000;
    let project = Project::new([("good.py", PYTHON)]);
    for (name, open, inner, close) in [
        ("parens", "(", "1", ")"),
        ("lists", "[", "1", "]"),
        ("calls", "f(", "1", ")"),
        ("lambdas", "(lambda x: ", "x", ")"),
        ("comprehensions", "[y for y in ", "z", "]"),
        ("dicts", "{1: ", "2", "}"),
        ("conditions", "(a if b else ", "c", ")"),
        ("attributes", "(", "1", ").a"),
        ("negations", "not ", "x", ""),
    ] {
        project.write(&format!("{name}.py"), format!("x = {}\n{PYTHON}", nested(DEPTH, open, inner, close)));
    }
    // Blocks cost indentation: the square of the depth.
    let blocks: String = (0..1200).map(|depth| format!("{}if x:\n", " ".repeat(depth))).collect();
    project.write("blocks.py", blocks + &" ".repeat(1200) + "pass\n");
    for (name, open, inner, close) in [
        ("parens", "(", "1", ")"),
        ("arrays", "[", "1", "]"),
        ("calls", "f(", "1", ")"),
        ("arrows", "(x => ", "x", ")"),
        ("callbacks", "xs.map(x => ", "x", ")"),
        ("objects", "{a: ", "1", "}"),
        ("ternaries", "(a ? b : ", "c", ")"),
        ("templates", "`${", "1", "}`"),
        ("functions", "(function () { return ", "1", "})()"),
        ("negations", "!", "x", " "),
    ] {
        // On lines of their own, so that the file does not look minified.
        let expression = nested(DEPTH, &format!("{open}\n"), inner, close).replace(close, &format!("{close}\n"));
        project.write(&format!("{name}.js"), format!("let x = {expression};\n{JAVASCRIPT}"));
        project.write(&format!("{name}.ts"), format!("let x = {expression};\n"));
    }
    project.write("blocks.js", nested(DEPTH, "if (x) {\n", "f();", "}\n"));
    project.write("jsx.tsx", format!("let x = {};\n", nested(DEPTH, "<a>\n", "b", "</a>\n")));
    project.write("types.ts", format!("let x: {} = 1;\n", nested(DEPTH, "Array<\n", "number", ">\n")));
    let mut sql = String::new();
    for (open, inner, close) in [
        ("(", "1", ")"),
        ("(SELECT ", "1", ")"),
        ("f(", "1", ")"),
        ("CASE WHEN a THEN ", "1", " END"),
        ("NOT ", "a", ""),
        ("- ", "1", ""),
    ] {
        writeln!(sql, "SELECT {} FROM t;", nested(DEPTH, open, inner, close)).unwrap();
    }
    writeln!(sql, "SELECT * FROM {};", nested(DEPTH, "(SELECT * FROM ", "t", ") x")).unwrap();
    writeln!(sql, "SELECT * FROM t MATCH_RECOGNIZE ({});", nested(DEPTH, "(", "a", ")")).unwrap();
    sql.push_str("SELECT * FROM t WHERE name LIKE '%x%';\n");
    project.write("deep.sql", &sql);
    project.write("inside.py", format!("import sqlite3\nsqlite3.connect('a').execute('''{sql}''')\n"));
    let told = check(&project, &[]);
    told.has("good.py:6:", "query-in-loop");
    told.has("deep.sql:9:", "leading-wildcard-like");
}

/// What each of them returns depends on two others, and none has an end: every way through them is another question.
#[test]
fn functions_that_call_each_other_in_circles() {
    const FILES: usize = 16;
    const FUNCTIONS: usize = 20;
    let project = Project::new([("good.py", PYTHON)]);
    for file in 0..FILES {
        let next = (file + 1) % FILES;
        let mut python = format!("import m{next}\n");
        let mut typescript = format!("import * as next from './m{next}';\n");
        for function in 0..FUNCTIONS {
            let other = (function * 7 + 1) % FUNCTIONS;
            writeln!(python, "def f{function}(x):\n    y = m{next}.f{function}(x)\n    return y or f{other}(y)")
                .unwrap();
            writeln!(typescript, "export const f{function} = (x) => next.f{function}(x) ?? f{other}(x);").unwrap();
        }
        project.write(&format!("m{file}.py"), python);
        project.write(&format!("m{file}.ts"), typescript);
    }
    let told = check(&project, &[]);
    told.has("good.py:6:", "query-in-loop");
}

#[test]
fn chains_of_33_000_terms() {
    const TERMS: usize = 33_000;
    let project = Project::new([("good.py", PYTHON)]);
    let chain = |term: &str, between: &str| vec![term; TERMS].join(between);
    project.write("sum.py", format!("x = {}\n{PYTHON}", chain("a", " + ")));
    project.write("text.py", format!("x = {}\n{PYTHON}", chain("'a'", " + ")));
    project.write("and.py", format!("x = {}\n{PYTHON}", chain("a", " and ")));
    project.write("calls.py", format!("x = a.{}\n{PYTHON}", chain("f()", ".")));
    project.write("elif.py", format!("if a:\n    b\n{}", "elif a:\n    b\n".repeat(TERMS)));
    project.write("sum.js", format!("x = {};\n{JAVASCRIPT}", chain("a", "\n + ")));
    project.write("text.ts", format!("const x = {};\n", chain("'a'", "\n + ")));
    project.write("or.js", format!("x = {};\n{JAVASCRIPT}", chain("a", "\n || ")));
    project.write("calls.js", format!("x = a.{};\n{JAVASCRIPT}", chain("then(f)", "\n.")));
    project.write("else.js", format!("if (a) b(); {}", "else if (a) b();\n".repeat(TERMS)));
    let mut sql = String::new();
    for (term, between) in
        [("a = 1", " AND "), ("a = 1", " OR "), ("1", " + "), ("a", " || "), ("a", "::"), ("1", ", ")]
    {
        writeln!(sql, "SELECT * FROM t WHERE {};", chain(term, between)).unwrap();
    }
    writeln!(sql, "{};", chain("SELECT 1", " UNION ALL ")).unwrap();
    writeln!(sql, "SELECT * FROM t WHERE {} AND;", chain("a = 1", " AND ")).unwrap();
    sql.push_str("SELECT * FROM t WHERE name LIKE '%x%';\n");
    project.write("long.sql", &sql);
    let told = check(&project, &[]);
    told.has("good.py:6:", "query-in-loop");
    told.has("long.sql:9:", "leading-wildcard-like");
}

/// Each of them goes on to the end of the file, which is where the next one begins to be looked at.
#[test]
fn comments_that_nothing_closes() {
    let project = Project::new([("good.py", PYTHON)]);
    for ending in ["js", "ts", "tsx"] {
        project.write(&format!("many.{ending}"), "/* a\nlet x = f(a, b, c);\nlet y = g(a, b, c);\n".repeat(20_000));
        project.write(&format!("few.{ending}"), format!("{JAVASCRIPT}{}", "/* a\nf();\n".repeat(200)));
    }
    let told = check(&project, &["--parse", "all", "-v"]);
    told.has("good.py:6:", "query-in-loop");
    for ending in ["js", "ts", "tsx"] {
        assert!(told.line(&format!("many.{ending}:")).contains("many comments that are never closed"), "{told:#?}");
        told.has(&format!("few.{ending}:"), "query-in-loop");
    }
}

#[test]
fn truncated_files() {
    let project = Project::new([("good.py", PYTHON)]);
    for at in 1..PYTHON.len() {
        project.write(&format!("p{at}.py"), &PYTHON[..at]);
    }
    for at in 1..JAVASCRIPT.len() {
        project.write(&format!("j{at}.js"), &JAVASCRIPT[..at]);
        project.write(&format!("j{at}.tsx"), &JAVASCRIPT[..at]);
    }
    let sql = "CREATE FUNCTION f() AS $$ BEGIN x; END $$; /* c */ SELECT \"a\" FROM t WHERE b LIKE '%''x%';";
    for at in 1..sql.len() {
        project.write(&format!("s{at}.sql"), &sql[..at]);
    }
    check(&project, &[]).has("good.py:6:", "query-in-loop");
}

#[cfg(unix)]
#[test]
fn unreadable_files() {
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::process::CommandExt as _;

    let project = Project::new([("good.py", PYTHON), ("secret.py", PYTHON)]);
    let mode = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    mode(project.path(), 0o755);
    mode(&project.path().join("secret.py"), 0o000);
    let mut command = seqscan();
    if std::fs::File::open(project.path().join("secret.py")).is_ok() {
        // The superuser can read everything: become nobody, who may not even reach the binary where it is.
        let binary = project.path().join("binary");
        std::fs::copy(env!("CARGO_BIN_EXE_seqscan"), &binary).unwrap();
        mode(&binary, 0o755);
        command = Command::new(&binary);
        command.uid(65534).gid(65534);
    }
    command.args(["check", "--preview", "--output-format", "concise"]).current_dir(project.path());
    let told = wait(command);
    told.has("good.py:6:", "query-in-loop");
    assert!(told.line("secret.py").contains("permission denied"), "{told:#?}");
}

#[test]
fn a_reader_that_goes_away() {
    let many: String = (0..2000)
        .map(|n| {
            format!("def load{n}(ids):\n    for id in ids:\n        db.execute('SELECT a FROM b WHERE c = ?', (id,))\n")
        })
        .collect();
    let project = Project::new([("many.py", format!("import sqlite3\ndb = sqlite3.connect('a')\n{many}"))]);
    for format in ["full", "concise", "json", "sarif"] {
        let mut command = seqscan();
        command.args(["check", "--preview", "--output-format", format]).current_dir(project.path());
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let err = reader(child.stderr.take().unwrap());
        let mut first = [0; 10];
        child.stdout.take().unwrap().read_exact(&mut first).unwrap();
        let (code, _) = watch(&mut child);
        let err = err.join().unwrap();
        assert!(!err.contains("panicked"), "{format}: {err}");
        assert!((0..=2).contains(&code) || code == 141, "{format}: exit code {code}: {err}");
    }
}

#[test]
fn an_empty_tree() {
    let project = Project::new::<&str, &str>([]);
    let told = check(&project, &[]);
    assert_eq!((told.code, told.out.as_str()), (0, ""), "{told:#?}");
    assert_eq!(told.err.lines().filter(|line| line.contains("file")).count(), 1, "{told:#?}");
}

#[test]
fn empty_files() {
    let project = Project::new([("a.py", ""), ("b.ts", "\n"), ("c.sql", ""), ("d.js", "\u{feff}"), ("e.sql", ";;;")]);
    assert_eq!(check(&project, &[]).code, 0);
}

#[test]
fn a_path_that_is_not_there() {
    let project = Project::new([("good.py", PYTHON)]);
    let told = check(&project, &["gone.py"]);
    assert_eq!(told.code, 2);
    told.line("gone.py");
}

#[test]
fn broken_configurations() {
    for (text, say) in [
        ("select = [\"query-in-loop\"", "seqscan.toml"),
        ("selekt = [\"query-in-loop\"]\n", "select"),
        ("select = 3\n", "seqscan.toml"),
        ("extend = \"seqscan.toml\"\n", "seqscan.toml"),
        ("\u{0}", "seqscan.toml"),
    ] {
        let project = Project::new([("good.py", PYTHON), ("seqscan.toml", text)]);
        let told = check(&project, &[]);
        assert_eq!(told.code, 2, "{text:?}: {told:#?}");
        assert!(told.out.is_empty() && told.err.contains(say), "{text:?}: {told:#?}");
    }
    // A rule that another version may know is no reason to stop.
    let project = Project::new([("good.py", PYTHON), ("seqscan.toml", "extend-select = [\"query-in-lop\"]\n")]);
    let told = check(&project, &[]);
    assert_eq!(told.code, 1, "{told:#?}");
    told.line("did you mean `query-in-loop`?");
}

#[cfg(unix)]
#[test]
fn links_that_go_round() {
    let project = Project::new([("shop/good.py", PYTHON)]);
    std::os::unix::fs::symlink("..", project.path().join("shop/up")).unwrap();
    std::os::unix::fs::symlink("round", project.path().join("round")).unwrap();
    std::os::unix::fs::symlink("round.py", project.path().join("round.py")).unwrap();
    std::os::unix::fs::symlink("nowhere.py", project.path().join("nowhere.py")).unwrap();
    let told = check(&project, &[]);
    assert_eq!(told.out.lines().count(), 1, "{told:#?}");
    told.has("shop/good.py:6:", "query-in-loop");
    assert_eq!(check(&project, &["round.py"]).code, 2);
}

#[test]
fn a_dump_of_200_mb() {
    let project = Project::new::<&str, &str>([]);
    let mut file = BufWriter::new(std::fs::File::create(project.path().join("dump.sql")).unwrap());
    let mut line = 1;
    let mut write = |text: &str| {
        line += text.bytes().filter(|&byte| byte == b'\n').count();
        file.write_all(text.as_bytes()).unwrap();
        line
    };
    write(
        "--\n-- PostgreSQL database dump\n--\n\nCREATE TABLE public.t (\n    id bigint NOT NULL,\n    name text\n);\n\n",
    );
    write("COPY public.t (id, name) FROM stdin;\n");
    let rows: String = (0..10_000).fold(String::new(), |mut rows, n| {
        writeln!(rows, "{n}\tit's; a \"name\" -- /* {n}").unwrap();
        rows
    });
    for _ in 0..100 * 1024 * 1024 / rows.len() {
        write(&rows);
    }
    write("\\.\n\n");
    let middle = write("CREATE VIEW v AS SELECT 1;\n");
    let rows: String = (0..10_000).fold(String::new(), |mut rows, n| {
        writeln!(rows, "INSERT INTO public.t (id, name) VALUES ({n}, 'it''s; a name');").unwrap();
        rows
    });
    for _ in 0..100 * 1024 * 1024 / rows.len() {
        write(&rows);
    }
    let end = write("ALTER TABLE public.t ADD PRIMARY KEY (id);\n");
    write("SELECT * FROM public.t WHERE name LIKE '%x%';\n");
    drop(file);
    assert!(middle < end);
    let told = check(&project, &[]);
    told.has(&format!("dump.sql:{end}:"), "leading-wildcard-like");
    told.line("its data was not read");
    assert!(told.peak < 100, "{} MB", told.peak);
}
