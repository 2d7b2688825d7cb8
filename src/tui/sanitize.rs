//! The one sanitiser: text from outside passes here where it becomes a cell or a printed line, and only here. What it
//! lets through has no control, bidi or invisible character, and a width that every terminal agrees on.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthChar;

/// How many combining marks one cell carries; a flood of more is cut.
pub const MAX_MARKS: usize = 4;

/// How much of a text is looked at when it is drawn on one line; no screen is wide enough to show more.
const MAX_LINE_BYTES: usize = 8192;

/// Stands for the part of a text that did not fit.
pub const ELLIPSIS: &str = "…";

/// What a character may do to a terminal.
enum Danger {
    None,
    /// It is drawn as this picture instead.
    Picture(char),
    /// It only chooses how the character before it looks, and terminals disagree about the width of the result.
    Variation,
}

/// Calls `cell` with each cell's symbol and width (1 or 2) until it returns false. Returns whether all was seen.
pub fn cells(text: &str, mut cell: impl FnMut(&str, u16) -> bool) -> bool {
    let head = text.get(..text.floor_char_boundary(MAX_LINE_BYTES)).unwrap_or(text);
    if is_plain(head.as_bytes()) {
        let all = head.chars().all(|c| cell(c.encode_utf8(&mut [0; 4]), 1));
        return all && head.len() == text.len();
    }
    head.graphemes(true).all(|grapheme| cells_of(grapheme, &mut cell)) && head.len() == text.len()
}

/// Returns whether each byte is a character that every terminal shows as one cell: most text is that.
fn is_plain(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Splits one grapheme, since nothing stops a sender from making one of a thousand characters.
fn cells_of(grapheme: &str, cell: &mut impl FnMut(&str, u16) -> bool) -> bool {
    if is_plain(grapheme.as_bytes()) && grapheme.len() == 1 {
        return cell(grapheme, 1);
    }
    let mut open = Open::default();
    for c in grapheme.chars() {
        let (c, width) = match danger(c) {
            Danger::Variation if open.len > 0 => continue,
            Danger::Variation => ('·', 1),
            Danger::Picture(picture) => (picture, 1),
            Danger::None => (c, c.width().unwrap_or(0)),
        };
        if width == 0 && open.len > 0 {
            open.mark(c);
            continue;
        }
        if !open.emit(cell) {
            return false;
        }
        if width == 0 {
            open.start_with_mark(c);
        } else {
            open.start(c, width as u16);
        }
    }
    open.emit(cell)
}

/// A cell being put together: a base and its marks, at most 20 bytes.
#[derive(Default)]
struct Open {
    bytes: [u8; 4 * (1 + MAX_MARKS)],
    len: usize,
    marks: usize,
    width: u16,
}

impl Open {
    fn start(&mut self, base: char, width: u16) {
        *self = Self { width, ..Self::default() };
        self.push(base);
    }

    fn mark(&mut self, mark: char) {
        if self.marks < MAX_MARKS {
            self.marks += 1;
            self.push(mark);
        }
    }

    /// A mark without a base gets one; what takes no room and joins nothing is not shown beside it.
    fn start_with_mark(&mut self, mark: char) {
        self.start('◌', 1);
        let base = self.len;
        self.mark(mark);
        if self.symbol().graphemes(true).count() > 1 {
            self.len = base;
        }
    }

    fn symbol(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or("?")
    }

    fn push(&mut self, c: char) {
        self.len += c.encode_utf8(&mut self.bytes[self.len..]).len();
    }

    fn emit(&self, cell: &mut impl FnMut(&str, u16) -> bool) -> bool {
        self.len == 0 || cell(self.symbol(), self.width)
    }
}

/// Returns whether a terminal could obey a character or a reader be misled by it, so that it is drawn as a picture.
pub fn is_dangerous(c: char) -> bool {
    matches!(danger(c), Danger::Picture(_))
}

fn danger(c: char) -> Danger {
    let picture = match c {
        '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + c as u32).unwrap_or('␦'),
        '\u{7f}' => '␡',
        '\u{2028}' => '␤',
        '\u{2029}' => '¶',
        // Bidi controls and marks, deprecated format characters (Trojan Source, CVE-2021-42574).
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}' => '⇆',
        // Zero-width and invisible ones, blank fillers.
        '\u{ad}'
        | '\u{34f}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200d}'
        | '\u{2060}'..='\u{2065}'
        | '\u{3164}'
        | '\u{feff}'
        | '\u{ffa0}' => '◌',
        // C1 controls (a terminal in 8-bit mode obeys them), annotations, tags, private variation selectors.
        '\u{80}'..='\u{9f}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}' => '␦',
        // Variation selectors and skin tones.
        '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}' => return Danger::Variation,
        _ => return Danger::None,
    };
    Danger::Picture(picture)
}

/// Returns the whole text made safe to print, on one line.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for grapheme in text.graphemes(true) {
        cells_of(grapheme, &mut |symbol, _| {
            out.push_str(symbol);
            true
        });
    }
    out
}

/// Returns how many cells the text takes, counted no further than just above `limit`.
pub fn width(text: &str, limit: u16) -> u16 {
    let head = &text.as_bytes()[..text.len().min(usize::from(limit.saturating_add(1)))];
    if is_plain(head) {
        return head.len() as u16;
    }
    let mut total = 0_u16;
    let complete = cells(text, |_, width| {
        total = total.saturating_add(width);
        total <= limit
    });
    if complete { total } else { total.max(limit.saturating_add(1)) }
}

/// Returns the text made safe and cut to `limit` cells, `…` last where it did not fit.
pub fn fit(text: &str, limit: u16) -> String {
    let mut out = String::new();
    let fits = width(text, limit) <= limit;
    let room = if fits { limit } else { limit.saturating_sub(1) };
    let mut used = 0;
    cells(text, |symbol, width| {
        let shown = used + width <= room;
        if shown {
            used += width;
            out.push_str(symbol);
        }
        shown
    });
    if !fits && limit > 0 {
        out.push_str(ELLIPSIS);
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr;

    use super::*;

    #[test]
    fn control_characters_become_pictures() {
        assert_eq!(clean("a\x1b[31mb\tc\r\nd\x7f\u{9b}e\u{2028}"), "a␛[31mb␉c␍␊d␡␦e␤");
    }

    #[test]
    fn bidi_zero_width_and_tags_are_seen() {
        assert_eq!(clean("x\u{202e}y\u{200b}z\u{e0041}\u{feff}"), "x⇆y◌z␦◌");
    }

    #[test]
    fn floods_of_combining_marks_are_cut() {
        let flood = format!("a{}b", "\u{301}".repeat(1000));
        assert_eq!(clean(&flood), format!("a{}b", "\u{301}".repeat(MAX_MARKS)));
        assert_eq!(width(&flood, 10), 2);
        assert_eq!(clean("\u{301}"), "◌\u{301}");
    }

    #[test]
    fn text_is_cut_by_grapheme() {
        assert_eq!(fit("checkout", 5), "chec…");
        assert_eq!(fit("checkout", 8), "checkout");
        assert_eq!(fit("日本語", 5), "日本…");
        assert_eq!(fit("日本語", 4), "日…");
        assert_eq!(fit("é́x", 1), "…");
        assert_eq!(fit("x", 0), "");
        assert_eq!(fit("👨‍👩‍👧 ok", 9), "👨◌👩◌👧…");
        assert_eq!(fit("⚠️ 👍🏽", 4), "⚠ 👍");
    }

    fn hostile() -> impl Strategy<Value = String> {
        let class = prop_oneof![
            any::<char>(),
            (0_u32..0xa0).prop_map(|c| char::from_u32(c).unwrap_or('x')),
            (0x2000_u32..0x2070).prop_map(|c| char::from_u32(c).unwrap_or('x')),
            (0x300_u32..0x370).prop_map(|c| char::from_u32(c).unwrap_or('x')),
            (0x1f3f0_u32..0x1f400).prop_map(|c| char::from_u32(c).unwrap_or('x')),
        ];
        proptest::collection::vec(class, 0..60).prop_map(|chars| chars.into_iter().collect())
    }

    proptest! {
        #[test]
        fn nothing_dangerous_passes(text in hostile()) {
            for c in clean(&text).chars() {
                prop_assert!(!c.is_control() && matches!(danger(c), Danger::None), "{c:?}");
            }
        }

        #[test]
        fn fitted_text_is_never_wider_than_asked(text in hostile(), limit in 0_u16..40) {
            let fitted = fit(&text, limit);
            prop_assert!(fitted.chars().filter_map(char::width).sum::<usize>() <= usize::from(limit));
            prop_assert!(width(&fitted, 1000) <= limit);
        }

        #[test]
        fn each_cell_is_as_wide_as_it_says(text in hostile()) {
            cells(&text, |symbol, width| {
                assert!(width == 1 || width == 2, "{symbol:?}");
                assert!(symbol.width() <= 2 && symbol.chars().count() <= 1 + MAX_MARKS, "{symbol:?}");
                true
            });
        }

        #[test]
        fn cleaning_twice_changes_nothing(text in hostile()) {
            let once = clean(&text);
            prop_assert_eq!(clean(&once), once);
        }
    }
}
