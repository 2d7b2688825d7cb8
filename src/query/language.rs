//! Text to a query: TraceQL or the shorthand, whichever it is.

use std::str::FromStr;

use super::ast::Query;
use super::problem::{Problem, Problems};
use super::{check, parse as traceql, short};

/// The longest text, in bytes.
pub(super) const MAX_TEXT: usize = 64 << 10;

/// A query that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    pub query: Query,
    pub is_shorthand: bool,
    /// What of it is ours, and not in TraceQL.
    pub notes: Vec<&'static str>,
}

/// Words of ours in a query that is printed, and what they mean.
const OURS: [(&str, &str); 3] = [
    ("any ", "any is ours: the service, the operation, or the value of any attribute"),
    ("slow", "slow is ours: a request that took longer than the P95 of its service's requests in the window"),
    ("without ", "without (…) is ours: traces in which no span is so"),
];

/// Reads a query. Nothing at all is a query for everything.
///
/// # Errors
/// When it is not one, with every place where something is wrong.
pub fn parse(text: &str) -> Result<Parsed, Problems> {
    if text.len() > MAX_TEXT {
        let message = format!("this is longer than {} KiB", MAX_TEXT >> 10);
        return Err(Problems(vec![Problem::new(0..1, message)]));
    }
    let is_shorthand = !short::is_traceql(text);
    let (query, mut problems) = if is_shorthand { short::shorthand(text) } else { traceql::traceql(text) };
    if problems.is_empty() && !is_shorthand {
        check::check(&query, &mut problems);
    }
    if !problems.is_empty() {
        problems.sort_by_key(|problem| problem.at.start);
        problems.dedup();
        return Err(Problems(problems));
    }
    let printed = outside_quotes(&query.to_string());
    let notes = OURS.iter().filter(|(word, _)| printed.contains(word)).map(|(_, note)| *note).collect();
    Ok(Parsed { query, is_shorthand, notes })
}

/// Returns a printed query without its texts.
fn outside_quotes(printed: &str) -> String {
    let mut out = String::new();
    let mut rest = printed.chars();
    while let Some(next) = rest.next() {
        match next {
            '"' => {
                while let Some(inner) = rest.next().filter(|inner| *inner != '"') {
                    if inner == '\\' {
                        rest.next();
                    }
                }
            }
            '`' => {
                rest.by_ref().take_while(|inner| *inner != '`').for_each(drop);
            }
            other => out.push(other),
        }
    }
    out
}

impl FromStr for Query {
    type Err = Problems;

    fn from_str(text: &str) -> Result<Self, Problems> {
        parse(text).map(|parsed| parsed.query)
    }
}
