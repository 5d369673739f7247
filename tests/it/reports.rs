//! The output formats, from findings made by hand: what is hard to show is shown, and what other programs
//! refuse is never written.

use std::path::PathBuf;
use std::sync::Arc;

use seqscan::config::OutputFormat;
use seqscan::engine::{InternalError, Report};
use seqscan::findings::{
    Applicability, Confidence, Diagnostic, Edit, Fix, Label, Reported, Role, Severity, fingerprints,
};
use seqscan::report::{Style, SummaryLevel, json_schema, write, write_summary};
use seqscan::rules::Registry;
use seqscan::source::{Language, SourceFile, Span};
use serde_json::Value;

use crate::project::repository;

const VIEWS: &str = "\
def report(orders):
    for order in orders:
        # é😀 日本
        print('é😀', load_customer(order.id))
";

const DB: &str = "\
def load_customer(id):
    return fetch(id)


def fetch(id):
    return conn.execute('select name from customers where id = %s', [id])
";

fn source(path: &str, text: &str) -> Arc<SourceFile> {
    let language = Language::of_path(path).unwrap();
    Arc::new(SourceFile::new(path, PathBuf::from(path), language, text.to_owned()))
}

fn label(source: &SourceFile, part: &str, role: Role, text: &str) -> Label {
    let start = source.text.find(part).unwrap_or_else(|| panic!("no {part} in {}", source.path));
    Label { path: source.path.clone(), span: Span::new(start, start + part.len()), role, text: text.to_owned() }
}

/// A report of these findings in these files.
fn report(sources: &[&Arc<SourceFile>], findings: Vec<Diagnostic>) -> Report {
    Report {
        root: PathBuf::from("/project"),
        findings: fingerprints(findings, |finding| finding.primary.text.clone().into()),
        sources: sources.iter().map(|source| (source.path.clone(), (*source).clone())).collect(),
        checked: sources.iter().map(|source| source.path.clone()).collect(),
        ..Report::default()
    }
}

/// A loop in one file, two calls, and a query in another.
pub(crate) fn one_finding() -> Report {
    let (views, db) = (source("shop/views.py", VIEWS), source("shop/db.py", DB));
    let finding = Diagnostic {
        rule: "query-in-loop",
        severity: Severity::Warning,
        confidence: Confidence::Medium,
        message: "`load_customer` runs a query for each of `orders[0]`: 1 + N queries".to_owned(),
        primary: label(&views, "load_customer(order.id)", Role::Primary, "leads to a query"),
        related: vec![
            label(&views, "for order in orders", Role::Loop, "this loop"),
            label(&db, "fetch(id)", Role::Hop, "then this"),
            label(&db, "execute", Role::Query, ""),
        ],
        note: Some("each run waits for a round trip".to_owned()),
        help: Some("fetch all rows at once:\n\n    conn.execute('… where id = any(%s)', [ids])".to_owned()),
        fix: Some(Fix {
            title: "fetch all rows at once".to_owned(),
            applicability: Applicability::Unsafe,
            edits: vec![Edit { path: views.path.clone(), span: Span::new(4, 10), text: "all".to_owned() }],
        }),
        index: None,
        scope: "report".to_owned(),
    };
    report(&[&views, &db], vec![finding])
}

pub(crate) fn written_with(format: OutputFormat, report: &Report, style: &Style) -> (String, Vec<String>) {
    let mut out = Vec::new();
    let notices = write(format, report, Registry::builtin(), style, &mut out).unwrap();
    (String::from_utf8(out).unwrap(), notices)
}

fn written(format: OutputFormat, report: &Report) -> String {
    written_with(format, report, &Style::default()).0
}

fn json(format: OutputFormat, report: &Report) -> Value {
    serde_json::from_str(&written(format, report)).unwrap()
}

fn errors(schema: &Value, document: &Value) -> Vec<String> {
    let schema = jsonschema::validator_for(schema).unwrap();
    schema.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

fn sarif_schema() -> Value {
    let path = repository().join("tests/it/schemas/sarif-2.1.0.json");
    let mut schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    // The standard's own mistake: a bracket too many, which is no regular expression.
    for place in ["run", "toolComponent"] {
        schema["definitions"][place]["properties"]["language"].as_object_mut().unwrap().remove("pattern");
    }
    schema
}

#[test]
fn full_shows_the_whole_way() {
    insta::assert_snapshot!(written(OutputFormat::Full, &one_finding()), @r"
    warning[query-in-loop]: `load_customer` runs a query for each of `orders[0]`: 1 + N queries
       ╭─[shop/views.py:4:21]
     1 │ def report(orders):
     2 │     for order in orders:
       ·     ─────────┬─────────
       ·              ╰── this loop
     3 │         # é😀 日本
     4 │         print('é😀', load_customer(order.id))
       ·                      ───────────┬───────────
       ·                                 ╰── leads to a query
       ╰────
       ╭─[shop/db.py:2:12]
     1 │ def load_customer(id):
     2 │     return fetch(id)
       ·            ────┬────
       ·                ╰── then this
       ╰────
       ╭─[shop/db.py:6:17]
     5 │ def fetch(id):
     6 │     return conn.execute('select name from customers where id = %s', [id])
       ·                 ───┬───
       ·                    ╰── the query
       ╰────
      note: each run waits for a round trip
      help: fetch all rows at once:

                conn.execute('… where id = any(%s)', [ids])
      fix: fetch all rows at once (--fix --unsafe-fixes)
      rule: medium confidence, https://github.com/seqscan/seqscan/blob/main/rules/query-in-loop.md
    ");
}

#[test]
fn paths_are_told_from_where_the_reader_stands() {
    let from = |cwd: &str| {
        let style = Style { cwd: PathBuf::from(cwd), ..Style::default() };
        let (text, _) = written_with(OutputFormat::Concise, &one_finding(), &style);
        text.split(':').next().unwrap().to_owned()
    };
    assert_eq!(from("/project"), "shop/views.py");
    assert_eq!(from("/project/shop"), "views.py");
    assert_eq!(from("/project/other/deep"), "../../shop/views.py");
    assert_eq!(from("/"), "project/shop/views.py");
}

#[test]
fn concise_is_one_line() {
    insta::assert_snapshot!(written(OutputFormat::Concise, &one_finding()), @"shop/views.py:4:21: warning: `load_customer` runs a query for each of `orders[0]`: 1 + N queries [query-in-loop]");
}

#[test]
fn github_annotations_escape_what_they_must() {
    let mut report = one_finding();
    report.findings[0].diagnostic.message = "50 % of a,b: more\r\nlines".to_owned();
    insta::assert_snapshot!(written(OutputFormat::Github, &report), @"::warning title=seqscan (query-in-loop),file=shop/views.py,line=4,endLine=4,col=21,endColumn=44::50 %25 of a,b: more%0D%0Alines%0Ashop/views.py:2: this loop%0Ashop/db.py:2: then this%0Anote: each run waits for a round trip%0Ahelp: fetch all rows at once:%0A%0A    conn.execute('… where id = any(%25s)', [ids])%0Ahttps://github.com/seqscan/seqscan/blob/main/rules/query-in-loop.md");
}

#[test]
fn github_is_told_of_what_it_hides() {
    let mut report = one_finding();
    report.findings = vec![report.findings[0].clone(); 12];
    report.findings[11].diagnostic.severity = Severity::Error;
    let (text, notices) = written_with(OutputFormat::Github, &report, &Style::default());
    assert!(text.starts_with("::error "), "the worst is first: {text}");
    assert_eq!(notices, ["GitHub shows 10 annotations of each kind per step: 1 more are only in the log"]);
}

#[test]
fn json_is_what_its_schema_says() {
    for report in [one_finding(), Report::default(), hostile()] {
        let document = json(OutputFormat::Json, &report);
        let errors = errors(&json_schema(), &document);
        assert!(errors.is_empty(), "{errors:#?}");
    }
    let document = json(OutputFormat::Json, &one_finding());
    let place = &document["findings"][0]["location"];
    assert_eq!((&place["start"]["line"], &place["start"]["column"]), (&4.into(), &21.into()), "columns are characters");
    assert_eq!(document["findings"][0]["related"][2]["role"], "query");
}

#[test]
fn the_schema_of_json_is_strict_enough_to_notice() {
    let mut document = json(OutputFormat::Json, &one_finding());
    document["findings"][0]["severity"] = "fatal".into();
    document["summary"]["files_read"] = Value::Null;
    assert_eq!(errors(&json_schema(), &document).len(), 2);
}

#[test]
fn sarif_is_valid() {
    let schema = sarif_schema();
    let mut failed = one_finding();
    failed.internal_errors.push(InternalError { rule: None, path: None, message: "bug".to_owned() });
    failed.show_suppressed();
    for report in [one_finding(), Report::default(), hostile(), failed] {
        let errors = errors(&schema, &json(OutputFormat::Sarif, &report));
        assert!(errors.is_empty(), "{errors:#?}");
    }
}

/// What GitHub asks for beyond the standard.
#[test]
fn sarif_has_what_code_scanning_needs() {
    let log = json(OutputFormat::Sarif, &one_finding());
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for rule in rules {
        for part in ["shortDescription", "fullDescription", "help"] {
            let text = rule[part]["text"].as_str().unwrap();
            assert!(!text.is_empty() && (part == "help" || text.chars().count() <= 1024), "{rule:#}");
        }
        let properties = &rule["properties"];
        assert!(properties["precision"].is_string() && properties["problem.severity"].is_string());
        assert!(properties["tags"].as_array().unwrap().len() <= 10 && properties.get("security-severity").is_none());
    }
    let result = &run["results"][0];
    assert_eq!(rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()]["id"], result["ruleId"]);
    insta::assert_snapshot!(result["message"]["text"].as_str().unwrap(), @r"
    `load_customer` runs a query for each of `orders\[0\]`: 1 + N queries.
    See [this loop](1), [then this](2), [the query](3).
    Why: each run waits for a round trip
    Help: fetch all rows at once:

        conn.execute('… where id = any(%s)', \[ids\])
    ");
    let region = &result["locations"][0]["physicalLocation"]["region"];
    insta::assert_snapshot!(region.to_string(), @r#"{"endColumn":44,"endLine":4,"startColumn":21,"startLine":4}"#);
    let prints = &result["partialFingerprints"];
    assert_eq!(prints["seqscan/v1"].as_str().unwrap().len(), 16);
    assert!(prints["primaryLocationLineHash"].as_str().unwrap().ends_with(":1"));
    let steps = result["codeFlows"][0]["threadFlows"][0]["locations"].as_array().unwrap();
    let words: Vec<&str> = steps.iter().map(|step| step["location"]["message"]["text"].as_str().unwrap()).collect();
    assert_eq!(words, ["this loop", "leads to a query", "then this", "the query"]);
    assert_eq!(result["relatedLocations"].as_array().unwrap().len(), 3);
    assert_eq!(result["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"]["text"], "all");
}

#[test]
fn sarif_stays_under_the_limits_of_code_scanning() {
    let mut report = one_finding();
    let mut worst = report.findings[0].clone();
    worst.diagnostic.severity = Severity::Error;
    report.findings[0].diagnostic.related.clear();
    report.findings = vec![report.findings[0].clone(); 25_001];
    report.findings.push(worst);
    let (text, notices) = written_with(OutputFormat::Sarif, &report, &Style::default());
    let log: Value = serde_json::from_str(&text).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!((results.len(), &results[0]["level"]), (25_000, &"error".into()));
    assert_eq!(notices.len(), 2, "{notices:?}");
}

/// Names and sources that want to be more than text.
pub(crate) fn hostile() -> Report {
    let evil = source("a b/[id]/é%#?.py", "x\u{1b}[31m\u{202e}y\u{0}z\r\n\tquery('\u{9b}2J')  # \u{7}bell\rlone\n");
    let long = source("long.js", &format!("{}slow(a){}later(b)\n", "x".repeat(90_000), "y".repeat(90_000)));
    let last = source("last.py", "\u{feff}end");
    let finding = |primary: Label, related: Vec<Label>| Diagnostic {
        rule: "query-in-loop",
        severity: Severity::Info,
        confidence: Confidence::Low,
        message: "a \u{1b}]8;;evil\u{7} message".to_owned(),
        primary,
        related,
        note: None,
        help: Some("\u{1b}[2Jclear".to_owned()),
        fix: None,
        index: None,
        scope: String::new(),
    };
    let findings = vec![
        finding(label(&evil, "query", Role::Primary, "\u{1b}[1mbold"), vec![label(&evil, "y", Role::Loop, "")]),
        finding(
            label(&long, "slow(a)", Role::Primary, "here"),
            vec![label(&long, "later(b)", Role::Query, "and here")],
        ),
        finding(
            label(&last, "end", Role::Primary, ""),
            vec![Label { path: "gone.py".into(), ..label(&last, "end", Role::Hop, "gone") }],
        ),
    ];
    report(&[&evil, &long, &last], findings)
}

#[test]
fn nothing_from_a_file_commands_the_terminal() {
    let report = hostile();
    for format in [OutputFormat::Full, OutputFormat::Concise] {
        let text = written(format, &report);
        let bad: Vec<char> =
            text.chars().filter(|letter| letter.is_control() && *letter != '\n' || *letter == '\u{202e}').collect();
        assert!(bad.is_empty(), "{bad:?} in {text}");
        assert!(text.len() < 6_000, "endless lines are cut: {}", text.len());
    }
    insta::assert_snapshot!(written(OutputFormat::Full, &report), @r"
    info[query-in-loop]: a ?]8;;evil? message
       ╭─[a b/[id]/é%#?.py:2:2]
     1 │ x?[31m�y?z
       ·        ┬
       ·        ╰── the loop
     2 │     query('¿2J')  # ?bell
       ·     ──┬──
       ·       ╰── ?[1mbold
     3 │ lone
       ╰────
      help: ?[2Jclear
      rule: low confidence, https://github.com/seqscan/seqscan/blob/main/rules/query-in-loop.md

    info[query-in-loop]: a ?]8;;evil? message
       ╭─[long.js:1:90001]
     1 │ xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxslow(a)yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy
       ·                                                             ───┬───
       ·                                                                ╰── here
       ╰────
      help: ?[2Jclear
      rule: low confidence, https://github.com/seqscan/seqscan/blob/main/rules/query-in-loop.md

    info[query-in-loop]: a ?]8;;evil? message
       ╭─[last.py:1:1]
     1 │ ﻿end
       · ───
       ╰────
      gone.py
      help: ?[2Jclear
      rule: low confidence, https://github.com/seqscan/seqscan/blob/main/rules/query-in-loop.md
    ");
}

#[test]
fn ascii_terminals_get_ascii_frames() {
    let style = Style { unicode: false, ..Style::default() };
    let report = one_finding();
    let (text, _) = written_with(OutputFormat::Full, &report, &style);
    assert!(text.contains(",-[shop/views.py:4:21]"), "{text}");
}

#[test]
fn colours_and_links_are_written_only_where_asked_for() {
    let style = Style { color: true, links: true, ..Style::default() };
    let (text, _) = written_with(OutputFormat::Full, &one_finding(), &style);
    let line = text.lines().next().unwrap().replace('\u{1b}', "ESC");
    insta::assert_snapshot!(line, @r"ESC[1;33mwarning[ESC]8;;https://github.com/seqscan/seqscan/blob/main/rules/query-in-loop.mdESC\query-in-loopESC]8;;ESC\]ESC[0m: ESC[1m`load_customer` runs a query for each of `orders[0]`: 1 + N queriesESC[0m");
}

#[test]
fn a_summary_tells_what_was_not_checked() {
    let mut report = one_finding();
    report.statements = 9;
    report.statements_not_understood = 2;
    report.problems = (0..7).map(|n| format!("{n}.py: permission denied")).collect();
    report.internal_errors.push(InternalError {
        rule: Some("query-in-loop"),
        path: Some("shop/db.py".into()),
        message: "index out of bounds".to_owned(),
    });
    let told = |level: SummaryLevel| {
        let mut out = Vec::new();
        write_summary(&report, level, &Style::default(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    insta::assert_snapshot!(told(SummaryLevel::Normal), @r"
    warning: 0.py: permission denied
    warning: 1.py: permission denied
    warning: 2.py: permission denied
    warning: 3.py: permission denied
    warning: 4.py: permission denied
      and 2 more (-v shows all)
    internal error: query-in-loop failed on shop/db.py: index out of bounds
    1 finding: 1 warning; 1 fixable with --fix --unsafe-fixes
    checked 2 files; 2 of 9 SQL statements not understood; no schema found
    ");
    assert_eq!(told(SummaryLevel::Quiet), "internal error: query-in-loop failed on shop/db.py: index out of bounds\n");
    assert_eq!(told(SummaryLevel::Verbose).lines().count(), 10);
}

#[test]
fn thousands_of_findings_in_a_long_file_are_written_quickly() {
    let text = "x = query(1)\n".repeat(20_000);
    let long = source("long.py", &text);
    let finding = |nth: usize| Reported {
        diagnostic: Diagnostic {
            primary: Label {
                path: long.path.clone(),
                span: Span::new(nth * 26 + 4, nth * 26 + 9),
                role: Role::Primary,
                text: "here".to_owned(),
            },
            ..one_finding().findings[0].diagnostic.clone()
        },
        fingerprint: String::new(),
        tables: Vec::new(),
        suppressed: false,
    };
    let mut report = report(&[&long], Vec::new());
    report.findings = (0..2_000).map(finding).collect();
    let start = std::time::Instant::now();
    written(OutputFormat::Full, &report);
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
}

#[test]
fn gitlab_gets_a_code_quality_report() {
    insta::assert_snapshot!(written(OutputFormat::Gitlab, &one_finding()), @r##"
    [
      {
        "description": "`load_customer` runs a query for each of `orders[0]`: 1 + N queries",
        "check_name": "query-in-loop",
        "fingerprint": "523138a106557733",
        "severity": "major",
        "location": {
          "path": "shop/views.py",
          "lines": {
            "begin": 4,
            "end": 4
          }
        }
      }
    ]
    "##);
    assert_eq!(json(OutputFormat::Gitlab, &report(&[], vec![])), serde_json::json!([]));
}

#[test]
fn reviewdog_gets_the_way_and_a_suggestion() {
    insta::assert_snapshot!(written(OutputFormat::Rdjson, &one_finding()), @r##"
    {
      "diagnostics": [
        {
          "code": {
            "url": "https://github.com/seqscan/seqscan/blob/main/rules/query-in-loop.md",
            "value": "query-in-loop"
          },
          "location": {
            "path": "shop/views.py",
            "range": {
              "end": {
                "column": 48,
                "line": 4
              },
              "start": {
                "column": 25,
                "line": 4
              }
            }
          },
          "message": "`load_customer` runs a query for each of `orders[0]`: 1 + N queries\nshop/views.py:2: this loop\nshop/db.py:2: then this\nnote: each run waits for a round trip\nhelp: fetch all rows at once:\n\n    conn.execute('… where id = any(%s)', [ids])\nhttps://github.com/seqscan/seqscan/blob/main/rules/query-in-loop.md",
          "relatedLocations": [
            {
              "location": {
                "path": "shop/views.py",
                "range": {
                  "end": {
                    "column": 24,
                    "line": 2
                  },
                  "start": {
                    "column": 5,
                    "line": 2
                  }
                }
              },
              "message": "this loop"
            },
            {
              "location": {
                "path": "shop/db.py",
                "range": {
                  "end": {
                    "column": 21,
                    "line": 2
                  },
                  "start": {
                    "column": 12,
                    "line": 2
                  }
                }
              },
              "message": "then this"
            },
            {
              "location": {
                "path": "shop/db.py",
                "range": {
                  "end": {
                    "column": 24,
                    "line": 6
                  },
                  "start": {
                    "column": 17,
                    "line": 6
                  }
                }
              },
              "message": ""
            }
          ],
          "severity": "WARNING",
          "suggestions": [
            {
              "range": {
                "end": {
                  "column": 11,
                  "line": 1
                },
                "start": {
                  "column": 5,
                  "line": 1
                }
              },
              "text": "all"
            }
          ]
        }
      ],
      "source": {
        "name": "seqscan",
        "url": "https://github.com/seqscan/seqscan"
      }
    }
    "##);
}

#[test]
fn markdown_is_a_table_that_nothing_breaks() {
    let mut report = one_finding();
    insta::assert_snapshot!(written(OutputFormat::Markdown, &report), @r##"
    ### seqscan: 1 finding

    - 1 × [`query-in-loop`](https://github.com/seqscan/seqscan/blob/main/rules/query-in-loop.md)

    | | where | what |
    |---|---|---|
    | warning | `shop/views.py:4` | `load_customer` runs a query for each of `orders[0]`: 1 + N queries |
    "##);
    report.findings[0].diagnostic.message = "a | b\n<script>".to_owned();
    assert!(written(OutputFormat::Markdown, &report).contains("| a \\| b &lt;script> |"));
}

#[test]
fn junit_has_a_suite_per_file_and_a_failed_test_per_finding() {
    insta::assert_snapshot!(written(OutputFormat::Junit, &one_finding()), @r##"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="seqscan" tests="1" failures="1" errors="0">
      <testsuite name="shop/views.py" tests="1" failures="1" errors="0">
        <testcase name="query-in-loop (523138a106557733)" classname="shop/views.py" file="shop/views.py" line="4" column="21">
          <failure message="`load_customer` runs a query for each of `orders[0]`: 1 + N queries" type="warning">shop/views.py:4:21: `load_customer` runs a query for each of `orders[0]`: 1 + N queries
    shop/views.py:2: this loop
    shop/db.py:2: then this
    note: each run waits for a round trip
    help: fetch all rows at once:

        conn.execute(&apos;… where id = any(%s)&apos;, [ids])
    https://github.com/seqscan/seqscan/blob/main/rules/query-in-loop.md</failure>
        </testcase>
      </testsuite>
    </testsuites>
    "##);
    insta::assert_snapshot!(written(OutputFormat::Junit, &report(&[], vec![])), @r##"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="seqscan" tests="1" failures="0" errors="0">
      <testsuite name="seqscan" tests="1" failures="0" errors="0">
        <testcase name="no findings" classname="seqscan"/>
      </testsuite>
    </testsuites>
    "##);
}

#[test]
fn checkstyle_has_an_error_per_finding() {
    insta::assert_snapshot!(written(OutputFormat::Checkstyle, &one_finding()), @r##"
    <?xml version="1.0" encoding="UTF-8"?>
    <checkstyle version="4.3">
      <file name="shop/views.py">
        <error line="4" column="21" severity="warning" message="`load_customer` runs a query for each of `orders[0]`: 1 + N queries&#10;shop/views.py:2: this loop&#10;shop/db.py:2: then this&#10;note: each run waits for a round trip&#10;help: fetch all rows at once:&#10;&#10;    conn.execute(&apos;… where id = any(%s)&apos;, [ids])&#10;https://github.com/seqscan/seqscan/blob/main/rules/query-in-loop.md" source="seqscan.query-in-loop"/>
      </file>
    </checkstyle>
    "##);
    insta::assert_snapshot!(written(OutputFormat::Checkstyle, &report(&[], vec![])), @r##"
    <?xml version="1.0" encoding="UTF-8"?>
    <checkstyle version="4.3">
    </checkstyle>
    "##);
}

#[test]
fn xml_has_no_character_that_xml_refuses() {
    for format in [OutputFormat::Junit, OutputFormat::Checkstyle] {
        let text = written(format, &hostile());
        let mut reader = quick_xml::Reader::from_str(&text);
        while !matches!(reader.read_event().unwrap(), quick_xml::events::Event::Eof) {}
        let refused = |letter: char| letter < ' ' && !matches!(letter, '\t' | '\n' | '\r');
        assert!(!text.contains(refused), "{text:?}");
    }
}

#[test]
fn agents_get_one_line_with_all_there_is_to_act_on() {
    let mut report = one_finding();
    report.findings[0].tables = vec!["customers".to_owned()];
    insta::assert_snapshot!(written(OutputFormat::Agent, &report), @r##"
    shop/views.py:4:21 warning[medium] query-in-loop: `load_customer` runs a query for each of `orders[0]`: 1 + N queries | loop shop/views.py:2 | via shop/db.py:2 | query shop/db.py:6 | tables: customers | help: fetch all rows at once: conn.execute('… where id = any(%s)', [ids]) | fix: fetch all rows at once (--fix --unsafe-fixes) | id:523138a106557733
    "##);
    assert_eq!(written(OutputFormat::Agent, &hostile()).lines().count(), hostile().findings.len());
}

#[test]
fn sarif_satisfies_an_independent_validator() {
    let package = "target/sarif/node_modules/@microsoft/sarif-multitool-linux";
    let validator = repository().join(package).join("Sarif.Multitool");
    if !validator.exists() {
        let is_there = cfg!(all(target_os = "linux", target_arch = "x86_64"));
        assert!(std::env::var_os("CI").is_none() || !is_there, "there is no validator; `tests/run` installs it");
        eprintln!("skipped: there is no validator; `tests/run` installs it");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let files = [folder.path().join("shop.sarif"), folder.path().join("hostile.sarif")];
    let shop = crate::project::seqscan()
        .args(["--exit-zero", "--preview", "--show-suppressed", "--output-format", "sarif", "fixtures"])
        .current_dir(repository())
        .output()
        .unwrap();
    std::fs::write(&files[0], shop.stdout).unwrap();
    std::fs::write(&files[1], written(OutputFormat::Sarif, &hostile())).unwrap();
    let output = std::process::Command::new(validator)
        .arg("validate")
        .args(&files)
        .args(["--rule-kind", "Sarif;Ghas", "--level", "Error;Warning"])
        .env("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && told.contains("2 files scanned"), "{told}");
    let wrong: Vec<&str> =
        told.lines().filter(|line| line.contains(": warning ") || line.contains(": error ")).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
