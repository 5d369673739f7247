//! Projects of any size, made to ask one question: does the cost grow as the project does?

use std::fmt::Write as _;
use std::path::Path;

use tempfile::TempDir;

/// Functions in one file.
pub(crate) const FUNCTIONS: usize = 50;
/// Files in one package; each calls the next, the last calls the first.
const FILES: usize = 40;

/// A project of `files` files, half of them Python, half TypeScript. Every function calls one of the next file
/// and one of its own: chains as deep as a package is long, all of them cyclic. Every fifth function calls the
/// next file in a loop instead, and some of the last file of a package run a query.
pub(crate) fn project(files: usize) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    write(folder.path(), "requirements.txt", "psycopg\n");
    write(folder.path(), "package.json", r#"{"name": "growth", "dependencies": {"pg": "8"}}"#);
    for number in 0..files {
        let (package, file) = (number / FILES, number % FILES);
        let next = if number + 1 == files { 0 } else { (file + 1) % FILES };
        let asks = next == 0;
        let home = folder.path().join(format!("package{package}"));
        if file == 0 {
            std::fs::create_dir(&home).expect("a temporary folder");
        }
        if package % 2 == 0 {
            write(&home, &format!("m{file}.py"), &python(package, next, asks));
        } else {
            write(&home, &format!("m{file}.ts"), &typescript(next, asks));
        }
    }
    folder
}

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).expect("a temporary file");
}

fn python(package: usize, next: usize, asks: bool) -> String {
    let mut text = format!("import psycopg\n\nfrom package{package} import m{next}\n\nconn = psycopg.connect()\n");
    for number in 0..FUNCTIONS {
        let other = (number * 7 + 1) % FUNCTIONS;
        let _ = writeln!(text, "\n\ndef f{number}(rows, limit):");
        let _ = match number % 5 {
            0 => writeln!(text, "    for row in rows:\n        m{next}.f{}(row, limit)", number + 1),
            1 if asks => {
                let sql = "select name from item where id = %s";
                writeln!(text, "    return conn.execute(\"{sql}\", (rows,)).fetchone()")
            }
            _ => {
                writeln!(text, "    found = m{next}.f{number}(rows, limit)\n    return found or f{other}(rows, limit)")
            }
        };
    }
    text
}

fn typescript(next: usize, asks: bool) -> String {
    let mut text =
        format!("import {{ Pool }} from 'pg';\nimport * as m from './m{next}';\n\nconst pool = new Pool();\n");
    for number in 0..FUNCTIONS {
        let other = (number * 7 + 1) % FUNCTIONS;
        let _ = writeln!(text, "\nexport async function f{number}(rows: any, limit: number) {{");
        let _ = match number % 5 {
            0 => writeln!(text, "  for (const row of rows) {{\n    await m.f{}(row, limit);\n  }}\n}}", number + 1),
            1 if asks => {
                let sql = "select name from item where id = $1";
                writeln!(text, "  return await pool.query('{sql}', [rows]);\n}}")
            }
            _ => writeln!(
                text,
                "  const found = await m.f{number}(rows, limit);\n  return found ?? f{other}(rows, limit);\n}}"
            ),
        };
    }
    text
}
