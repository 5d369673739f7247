//! JUnit's XML, as build servers show it: a suite per file, a failed test per finding.

use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::BytesText;

use super::alone::told;
use super::paint::severity_word;
use super::xml::{allowed, by_file};
use crate::engine::Report;
use crate::findings::Reported;
use crate::rules::Registry;

pub(super) fn write(report: &Report, registry: &Registry, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = Writer::new_with_indent(&mut *out, b' ', 2);
    writer.get_mut().write_all(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")?;
    let files = by_file(report);
    let errors = report.internal_errors.len().to_string();
    let found = report.counted().count();
    // Readers take a document without any test for a run that went wrong.
    let tests = if found == 0 { 1 } else { found };
    let totals = [("tests", tests.to_string()), ("failures", found.to_string()), ("errors", errors)];
    let totals: Vec<(&str, &str)> = totals.iter().map(|(key, value)| (*key, value.as_str())).collect();
    writer
        .create_element("testsuites")
        .with_attribute(("name", "seqscan"))
        .with_attributes(totals)
        .write_inner_content(|writer| {
            if files.is_empty() {
                nothing_found(writer)?;
            }
            for (path, findings) in &files {
                suite(writer, report, registry, path, findings)?;
            }
            Ok(())
        })?;
    writeln!(writer.get_mut())
}

fn nothing_found(writer: &mut Writer<&mut dyn Write>) -> io::Result<()> {
    let counts = [("tests", "1"), ("failures", "0"), ("errors", "0")];
    writer
        .create_element("testsuite")
        .with_attribute(("name", "seqscan"))
        .with_attributes(counts)
        .write_inner_content(|writer| {
            let test = writer.create_element("testcase");
            test.with_attributes([("name", "no findings"), ("classname", "seqscan")]).write_empty()?;
            Ok(())
        })?;
    Ok(())
}

fn suite(
    writer: &mut Writer<&mut dyn Write>,
    report: &Report,
    registry: &Registry,
    path: &str,
    findings: &[&Reported],
) -> io::Result<()> {
    let count = findings.len().to_string();
    let counts = [("tests", count.as_str()), ("failures", &count), ("errors", "0")];
    writer
        .create_element("testsuite")
        .with_attribute(("name", &*allowed(path)))
        .with_attributes(counts)
        .write_inner_content(|writer| {
            findings.iter().try_for_each(|reported| case(writer, report, registry, reported))
        })?;
    Ok(())
}

fn case(
    writer: &mut Writer<&mut dyn Write>,
    report: &Report,
    registry: &Registry,
    reported: &Reported,
) -> io::Result<()> {
    let finding = &reported.diagnostic;
    let start = report.place(&finding.primary).map(|place| place.start);
    let (line, column) = start.map_or((1, 1), |start| (start.line, start.column));
    let path = &finding.primary.path;
    // A name says which finding it is, so that a history of runs can tell them apart.
    let name = format!("{} ({})", finding.rule, reported.fingerprint);
    let (line, column) = (line.to_string(), column.to_string());
    let test = [("name", name.as_str()), ("classname", &allowed(path)), ("file", &allowed(path)), ("line", &line)];
    let message = allowed(&finding.message);
    let failure = [("message", &*message), ("type", severity_word(finding.severity))];
    let text = format!("{path}:{line}:{column}: {}", told(report, registry, finding));
    writer.create_element("testcase").with_attributes(test).with_attribute(("column", &*column)).write_inner_content(
        |writer| {
            let text = BytesText::new(&allowed(&text)).into_owned();
            writer.create_element("failure").with_attributes(failure).write_text_content(text)?;
            Ok(())
        },
    )?;
    Ok(())
}
