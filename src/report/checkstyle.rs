//! Checkstyle's XML, which most build servers and review tools read.

use std::io::{self, Write};

use quick_xml::Writer;

use super::alone::told;
use super::paint::severity_word;
use super::xml::{allowed, by_file};
use crate::engine::Report;
use crate::findings::Reported;
use crate::rules::Registry;

pub(super) fn write(report: &Report, registry: &Registry, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = Writer::new_with_indent(&mut *out, b' ', 2);
    writer.get_mut().write_all(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")?;
    writer.create_element("checkstyle").with_attribute(("version", "4.3")).write_inner_content(|writer| {
        for (path, findings) in by_file(report) {
            let file = writer.create_element("file").with_attribute(("name", &*allowed(path)));
            file.write_inner_content(|writer| {
                findings.iter().try_for_each(|reported| error(writer, report, registry, reported))
            })?;
        }
        Ok(())
    })?;
    writeln!(writer.get_mut())
}

fn error(
    writer: &mut Writer<&mut dyn Write>,
    report: &Report,
    registry: &Registry,
    reported: &Reported,
) -> io::Result<()> {
    let finding = &reported.diagnostic;
    let start = report.place(&finding.primary).map(|place| place.start);
    let (line, column) = start.map_or((1, 1), |start| (start.line, start.column));
    let told = told(report, registry, finding);
    let source = format!("seqscan.{}", finding.rule);
    let attributes = [
        ("line", line.to_string()),
        ("column", column.to_string()),
        ("severity", severity_word(finding.severity).to_owned()),
        ("message", allowed(&told).into_owned()),
        ("source", source),
    ];
    let attributes = attributes.iter().map(|(key, value)| (*key, value.as_str()));
    writer.create_element("error").with_attributes(attributes).write_empty()?;
    Ok(())
}
