//! Breaks texts into lines.

use crate::tui::{format, sanitize};

/// How many lines one value takes at most, and a whole detail.
const MAX_VALUE_LINES: usize = 400;

/// Breaks a text into lines of at most `width` cells, at its own line ends first.
pub fn wrap(text: &str, width: u16) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest = text.lines();
    for line in rest.by_ref() {
        let line = line.replace('\t', "    ");
        wrap_line(&line, width, &mut lines);
        if lines.len() >= MAX_VALUE_LINES {
            break;
        }
    }
    if lines.len() > MAX_VALUE_LINES || rest.next().is_some() {
        lines.truncate(MAX_VALUE_LINES);
        lines.push(format!("{} altogether, the rest is not shown", format::bytes(text.len() as u64)));
    }
    if lines.is_empty() {
        lines.push(String::new());
    }
    lines
}

/// Breaks before the word that does not fit, within it where it is longer than half a line.
fn wrap_line(line: &str, width: u16, lines: &mut Vec<String>) {
    let mut current = String::new();
    let (mut used, mut last_space) = (0_u16, None::<(usize, u16)>);
    // Cells are seen in pieces that the sanitiser bounds, so a value of a megabyte is cut, not walked to its end.
    let complete = sanitize::cells(line, |symbol, cells| {
        if used + cells > width {
            let (cut, kept) = last_space.take().filter(|&(_, at)| at > width / 2).unwrap_or((current.len(), used));
            let carried = current.split_off(cut);
            lines.push(std::mem::replace(&mut current, carried));
            used -= kept;
        }
        current.push_str(symbol);
        used += cells;
        if symbol == " " {
            last_space = Some((current.len(), used));
        }
        lines.len() < MAX_VALUE_LINES
    });
    lines.push(current);
    if !complete {
        lines.push(format!("{} altogether, the rest is not shown", format::bytes(line.len() as u64)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_break_at_words_and_line_ends() {
        assert_eq!(wrap("SELECT price FROM items WHERE id = 5", 16), ["SELECT price ", "FROM items ", "WHERE id = 5"]);
        assert_eq!(wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("at a\n\tat b\r\nat c", 20), ["at a", "    at b", "at c"]);
        assert_eq!(wrap("", 4), [""]);
        assert_eq!(wrap("日本語", 4), ["日本", "語"]);
    }

    #[test]
    fn endless_values_are_cut() {
        assert_eq!(wrap(&"x\n".repeat(5000), 10).len(), MAX_VALUE_LINES + 1);
        assert!(wrap(&"x".repeat(5_000_000), 4).len() <= MAX_VALUE_LINES + 2);
    }
}
