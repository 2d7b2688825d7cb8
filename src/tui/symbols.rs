//! The characters things are drawn with, and their fall-backs in ASCII.

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
    pub branch: &'static str,
    pub last_branch: &'static str,
    /// Bars that fill 1/8 to 8/8 of a cell from the left.
    pub left: [&'static str; 8],
    /// Bars that fill 1/8 to 8/8 of a cell from below.
    pub lower: [&'static str; 8],
    /// A short stretch in the middle of a cell, thin and thick; one that ends at the right edge, thin and thick.
    pub middle: [&'static str; 2],
    pub right: [&'static str; 2],
    /// The corners of a box from the top left on, clockwise.
    pub corners: [&'static str; 4],
}

pub const UNICODE: Symbols = Symbols {
    ascii: false,
    ellipsis: "…",
    error: "✖",
    some_errors: "×",
    dot: "●",
    incomplete: "◌",
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
    branch: "├",
    last_branch: "└",
    left: ["▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"],
    lower: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    middle: ["│", "┃"],
    right: ["▕", "▐"],
    corners: ["╭", "╮", "╯", "╰"],
};

pub const ASCII: Symbols = Symbols {
    ascii: true,
    ellipsis: "~",
    error: "X",
    some_errors: "x",
    dot: "o",
    incomplete: "?",
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
    branch: "|",
    last_branch: "`",
    left: ["-", "-", "-", "=", "=", "=", "#", "#"],
    lower: [".", ".", ":", ":", "+", "+", "#", "#"],
    middle: ["-", "="],
    right: ["-", "="],
    corners: ["+", "+", "+", "+"],
};
