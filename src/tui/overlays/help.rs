//! The keys of this screen, from the table of commands, and what the words of the top line mean.

use ratatui::layout::Rect;

use crate::tui::canvas::Canvas;
use crate::tui::command::{Scope, TABLE};
use crate::tui::keymap::{Key, Keymap};
use crate::tui::sanitize;

/// How far the help is scrolled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Help {
    pub first: usize,
}

/// What the words of the top line mean.
const WORDS: [(&str, &str); 7] = [
    ("health", "Of all services over the window: 100 is best"),
    ("mem  disk", "How full their budgets are"),
    ("only on disk", "Spans that memory has no room for any more"),
    ("evicted", "Spans gone for good: a limit was reached"),
    ("rejected", "Spans with an invalid id"),
    ("refused", "Requests not taken; senders were told"),
    ("damaged", "What was unreadable on disk; lost: its spans"),
];

/// A line of the help.
enum Line {
    Title(&'static str),
    Blank,
    /// Keys or words, and what they are for.
    Entry {
        name: String,
        doc: &'static str,
    },
}

fn lines(scope: Scope, keymap: &Keymap) -> Vec<Line> {
    let mut lines = Vec::new();
    for (shown, _, title) in Scope::ALL.into_iter().filter(|(s, ..)| scope.chain().any(|shown| shown == *s)) {
        if !lines.is_empty() {
            lines.push(Line::Blank);
        }
        lines.push(Line::Title(title));
        for entry in TABLE.iter().filter(|entry| entry.scope == shown) {
            let keys = keymap.keys(shown, entry.command);
            let keys: Vec<String> = keys.iter().copied().map(Key::label).collect();
            lines.push(Line::Entry { name: keys.join("  "), doc: entry.doc });
        }
    }
    lines.extend([Line::Blank, Line::Title("Top line")]);
    lines.extend(WORDS.map(|(word, doc)| Line::Entry { name: word.into(), doc }));
    lines
}

impl Help {
    /// Scrolls by lines, no further than to the last.
    pub fn scroll(&mut self, by: isize, scope: Scope, keymap: &Keymap, area: Rect) {
        let height = usize::from(panel(area).height.saturating_sub(2));
        let most = lines(scope, keymap).len().saturating_sub(height);
        self.first = self.first.saturating_add_signed(by).min(most);
    }
}

/// Returns where the help is.
fn panel(area: Rect) -> Rect {
    let width = area.width.min(72);
    let height = area.height.min(46);
    Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height }
}

/// Draws the help over the screen.
pub fn draw(help: Help, scope: Scope, keymap: &Keymap, canvas: &mut Canvas, area: Rect) {
    let lines = lines(scope, keymap);
    let mut panel = panel(area);
    let height = (lines.len() as u16 + 2).min(panel.height);
    panel = Rect { y: area.y + (area.height - height) / 2, height, ..panel };
    let theme = canvas.theme();
    super::frame(canvas, panel, " Keys ");
    if panel.width < 6 || panel.height < 3 {
        return;
    }
    let (x, width) = (panel.x + 2, panel.width - 4);
    let key_width = (width / 3).min(20);
    let shown = usize::from(panel.height - 2);
    for (line, y) in lines.iter().skip(help.first).take(shown).zip(panel.y + 1..) {
        match line {
            Line::Blank => {}
            Line::Title(title) => _ = canvas.text((x, y), width, title, theme.accent().patch(theme.strong())),
            Line::Entry { name, doc } => {
                canvas.text((x, y), key_width, name, theme.key());
                canvas.text(
                    (x + key_width + 1, y),
                    width.saturating_sub(key_width + 1),
                    doc,
                    ratatui::style::Style::new(),
                );
            }
        }
    }
    if lines.len() > shown {
        let more = lines.len().saturating_sub(help.first + shown);
        let text = if more > 0 { format!(" {more} more below ") } else { " the end ".into() };
        let at = panel.right().saturating_sub(sanitize::width(&text, panel.width) + 2);
        canvas.text((at.max(panel.x), panel.bottom() - 1), panel.width, &text, theme.dim());
    }
}
