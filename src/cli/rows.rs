//! Lists as people and programs want them: a table, JSON, a row a line in JSON, or CSV.

use std::fmt::Write as _;
use std::io::{self, IsTerminal};
use std::process::ExitCode;

use clap::{Arg, ArgMatches};
use serde::Serialize;

use super::error::CliError;
use super::output;
use crate::tui::sanitize;

/// How a list is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ListFormat {
    Table,
    /// The body of the matching endpoint.
    Json,
    Ndjson,
    Csv,
}

impl ListFormat {
    const ALL: [(&'static str, Self); 4] =
        [("table", Self::Table), ("json", Self::Json), ("ndjson", Self::Ndjson), ("csv", Self::Csv)];

    /// Adds `--format` to a command.
    pub(super) fn argument() -> Arg {
        Arg::new("format")
            .long("format")
            .value_name("FORMAT")
            .value_parser(Self::ALL.map(|(name, _)| name))
            .help("table for people; json, ndjson (a row a line) or csv for programs [default: table on a terminal, else ndjson]")
    }

    /// Adds `--format` to a command that prints a line for each row as it comes.
    pub(super) fn lines() -> Arg {
        Arg::new("format")
            .long("format")
            .value_name("FORMAT")
            .value_parser(["table", "ndjson"])
            .help("table for people, ndjson for programs [default: table on a terminal, else ndjson]")
    }

    pub(super) fn of(matches: &ArgMatches) -> Self {
        let given = matches.get_one::<String>("format");
        let named = given.and_then(|given| Self::ALL.iter().find(|(name, _)| name == given));
        match named {
            Some((_, format)) => *format,
            None if io::stdout().is_terminal() => Self::Table,
            None => Self::Ndjson,
        }
    }
}

/// A column of a table.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) title: String,
    /// Whether it lines up at its right end.
    pub(super) is_number: bool,
}

impl Column {
    pub(super) fn text(title: impl Into<String>) -> Self {
        Self { title: title.into(), is_number: false }
    }

    pub(super) fn number(title: impl Into<String>) -> Self {
        Self { title: title.into(), is_number: true }
    }
}

/// The most cells that a column of a table takes.
const WIDEST: u16 = 60;

/// Returns a table: a title line and a line a row, without anything that a terminal could obey.
pub(super) fn table(columns: &[Column], rows: &[Vec<String>]) -> String {
    let titles: Vec<String> = columns.iter().map(|column| column.title.clone()).collect();
    let fitted = |row: &Vec<String>| row.iter().map(|cell| sanitize::fit(cell, WIDEST)).collect::<Vec<_>>();
    let lines: Vec<Vec<String>> = std::iter::once(&titles).chain(rows).map(fitted).collect();
    let width = |cell: &String| usize::from(sanitize::width(cell, u16::MAX));
    let widest = |at: usize| lines.iter().filter_map(|line| line.get(at)).map(width).max().unwrap_or_default();
    let widths: Vec<usize> = (0..columns.len()).map(widest).collect();
    let mut out = String::new();
    for line in &lines {
        let mut text = String::new();
        for ((cell, column), width) in line.iter().zip(columns).zip(&widths) {
            let padding = " ".repeat(width.saturating_sub(usize::from(sanitize::width(cell, u16::MAX))));
            let (before, after) = if column.is_number { (padding.as_str(), "") } else { ("", padding.as_str()) };
            // Writing to a String does not fail.
            write!(text, "{before}{cell}{after}  ").ok();
        }
        out.push_str(text.trim_end());
        out.push('\n');
    }
    out
}

/// Prints rows, each as JSON on a line of its own.
pub(super) fn print_ndjson(rows: impl IntoIterator<Item = impl Serialize>) -> Result<ExitCode, CliError> {
    let mut out = String::new();
    for row in rows {
        out.push_str(&json_line(&row)?);
        out.push('\n');
    }
    output::print(&out)
}

/// Returns a row as JSON, without a line end.
pub(super) fn json_line(row: &impl Serialize) -> Result<String, CliError> {
    let json = serde_json::to_string(row).map_err(|error| CliError::failed(format!("cannot write a row: {error}")))?;
    Ok(output::safe_json(&json))
}

/// Returns rows as CSV (RFC 4180), with a line of titles.
pub(super) fn csv(titles: &[&str], rows: &[Vec<String>]) -> String {
    let mut out = String::new();
    let titles: Vec<String> = titles.iter().map(|&title| title.to_owned()).collect();
    for row in std::iter::once(&titles).chain(rows) {
        let cells: Vec<String> = row.iter().map(|cell| csv_cell(cell)).collect();
        out.push_str(&cells.join(","));
        out.push_str("\r\n");
    }
    out
}

/// Quotes where it has to be. What a spreadsheet would take for a formula is kept from being one; what a terminal could obey
/// is shown as its sign.
fn csv_cell(cell: &str) -> String {
    let is_formula = cell.starts_with(['=', '+', '-', '@']) && cell.parse::<f64>().is_err();
    let cell = if is_formula { format!("'{cell}") } else { cell.to_owned() };
    let cell: String = cell.split('\n').map(sanitize::clean).collect::<Vec<_>>().join("\n");
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_line_up_and_wide_characters_take_two_cells() {
        let columns = [Column::text("SERVICE"), Column::number("MS"), Column::text("LAST")];
        let row = |a: &str, b: &str, c: &str| vec![a.to_owned(), b.to_owned(), c.to_owned()];
        let table = table(&columns, &[row("注文", "1.5", "x"), row("cart\x1b[31m", "120", "y")]);
        assert_eq!(table, "SERVICE     MS  LAST\n注文       1.5  x\ncart␛[31m  120  y\n");
    }

    #[test]
    fn csv_is_quoted_and_no_formula() {
        let row = ["a,b", "say \"hi\"", "=1+1", "-1.5", "two\nlines", "\x1b[2J"].map(str::to_owned).to_vec();
        assert_eq!(
            csv(&["one", "two"], &[row]),
            "one,two\r\n\"a,b\",\"say \"\"hi\"\"\",'=1+1,-1.5,\"two\nlines\",␛[2J\r\n"
        );
    }
}
