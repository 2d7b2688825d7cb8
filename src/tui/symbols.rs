//! The characters things are drawn with, and their fall-backs in ASCII.

use crate::analysis::HealthStatus;

/// One set of characters, each one cell wide.
#[derive(Debug, PartialEq, Eq)]
pub struct Symbols {
    pub ascii: bool,
    pub ellipsis: &'static str,
    pub error: &'static str,
    /// Some errors among what is well.
    pub some_errors: &'static str,
    pub dot: &'static str,
    pub incomplete: &'static str,
    /// What should not be overlooked.
    pub warning: &'static str,
    /// Stands where there is no data.
    pub nothing: &'static str,
    /// Stands before what is not exact.
    pub about: &'static str,
    pub event: &'static str,
    pub live: &'static str,
    pub paused: &'static str,
    pub ascending: &'static str,
    pub descending: &'static str,
    pub folded: &'static str,
    pub pointer: &'static str,
    /// Marks what was searched for.
    pub found: &'static str,
    pub separator: &'static str,
    pub grid: &'static str,
    pub vertical: &'static str,
    pub horizontal: &'static str,
    pub heavy: &'static str,
    /// Where the answer waited for a span, in its bar.
    pub on_path: &'static str,
    pub branch: &'static str,
    pub last_branch: &'static str,
    /// Bars that fill 1/8 to 8/8 of a cell from the left.
    pub left: [&'static str; 8],
    /// Bars that fill 1/8 to 8/8 of a cell from below.
    pub lower: [&'static str; 8],
    /// A short stretch in the middle of a cell, thin and thick; one that ends at the right edge, thin and thick.
    pub middle: [&'static str; 2],
    pub right: [&'static str; 2],
    /// How much of a cell is filled, in quarters.
    pub shades: [&'static str; 4],
    /// The upper half of a cell.
    pub upper_half: &'static str,
    /// Stands behind how many times as much.
    pub times: &'static str,
    /// Points up at what stands above.
    pub above: &'static str,
    /// The corners of a box from the top left on, clockwise.
    pub corners: [&'static str; 4],
}

impl Symbols {
    /// Returns the sign of a state of health, so that its colour is not all that tells it.
    pub fn health(&self, status: Option<HealthStatus>) -> &'static str {
        match status {
            None => self.separator,
            Some(HealthStatus::Ok) => self.dot,
            Some(HealthStatus::Warning) => self.warning,
            Some(HealthStatus::Critical) => self.error,
        }
    }
}

pub const UNICODE: Symbols = Symbols {
    ascii: false,
    ellipsis: "…",
    error: "✖",
    some_errors: "×",
    dot: "●",
    incomplete: "◌",
    warning: "!",
    nothing: "–",
    about: "≈",
    event: "◆",
    live: "●",
    paused: "‖",
    ascending: "▲",
    descending: "▼",
    folded: "▸",
    pointer: "▌",
    found: "▶",
    separator: "·",
    grid: "┊",
    vertical: "│",
    horizontal: "─",
    heavy: "━",
    on_path: "━",
    branch: "├",
    last_branch: "└",
    left: ["▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"],
    lower: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    middle: ["│", "┃"],
    right: ["▕", "▐"],
    shades: ["░", "▒", "▓", "█"],
    upper_half: "▀",
    times: "×",
    above: "▴",
    corners: ["╭", "╮", "╯", "╰"],
};

pub const ASCII: Symbols = Symbols {
    ascii: true,
    ellipsis: "~",
    error: "X",
    some_errors: "x",
    dot: "o",
    incomplete: "?",
    warning: "!",
    nothing: "-",
    about: "~",
    event: "*",
    live: "*",
    paused: "=",
    ascending: "^",
    descending: "v",
    folded: "+",
    pointer: ">",
    found: "=",
    separator: "-",
    grid: ":",
    vertical: "|",
    horizontal: "-",
    heavy: "=",
    on_path: "=",
    branch: "|",
    last_branch: "`",
    left: ["-", "-", "-", "=", "=", "=", "#", "#"],
    lower: [".", ".", ":", ":", "+", "+", "#", "#"],
    middle: ["-", "="],
    right: ["-", "="],
    shades: [".", ":", "*", "#"],
    upper_half: "#",
    times: "x",
    above: "^",
    corners: ["+", "+", "+", "+"],
};
