//! A line of text that is edited: a cursor that never stands inside a character as a reader sees it, whatever was typed
//! or pasted.

use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation};

use crate::tui::sanitize;

/// Most bytes of a line; what is more is left out.
pub const MOST_BYTES: usize = 64 << 10;

/// A way to move in the line or to change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Edit {
    Left,
    Right,
    WordLeft,
    WordRight,
    Start,
    End,
    DeleteBack,
    DeleteForward,
    /// Back to white space, as shells do.
    DeleteWord,
    DeleteToStart,
    DeleteToEnd,
}

/// The line. The cursor stands before the byte of its number, which begins a grapheme, or at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Input {
    text: String,
    cursor: usize,
}

impl Input {
    /// Returns a line with the cursor at its end.
    pub fn new(text: &str) -> Self {
        let mut input = Self::default();
        input.insert(text);
        input
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns where the cursor is, in bytes.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Puts text where the cursor is; what would break the line or steer a terminal becomes a blank.
    pub fn insert(&mut self, text: &str) {
        let room = MOST_BYTES.saturating_sub(self.text.len());
        let text = text.get(..text.floor_char_boundary(room)).unwrap_or_default();
        let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        self.replace(self.cursor..self.cursor, &text);
    }

    /// Puts text in the place of a range of bytes and the cursor after it.
    pub fn replace(&mut self, range: std::ops::Range<usize>, text: &str) {
        let start = self.text.floor_char_boundary(range.start);
        let end = self.text.ceil_char_boundary(range.end.max(start));
        self.text.replace_range(start..end, text);
        self.cursor = start + text.len();
        self.settle();
    }

    /// Moves the cursor or changes the line.
    pub fn edit(&mut self, edit: Edit) {
        match edit {
            Edit::Left => self.cursor = self.left(),
            Edit::Right => self.cursor = self.right(),
            Edit::WordLeft => self.cursor = self.word_left(),
            Edit::WordRight => self.cursor = self.word_right(),
            Edit::Start => self.cursor = 0,
            Edit::End => self.cursor = self.text.len(),
            Edit::DeleteBack => self.replace(self.left()..self.cursor, ""),
            Edit::DeleteForward => {
                let cursor = self.cursor;
                self.replace(cursor..self.right(), "");
            }
            Edit::DeleteWord => self.replace(self.blank_left()..self.cursor, ""),
            Edit::DeleteToStart => self.replace(0..self.cursor, ""),
            Edit::DeleteToEnd => self.text.truncate(self.cursor),
        }
    }

    /// Moves the cursor to the grapheme drawn `column` cells from the beginning of the line.
    pub fn click(&mut self, column: usize) {
        let mut end = 0;
        let found = self.text.grapheme_indices(true).find(|(_, grapheme)| {
            end += width(grapheme);
            end > column
        });
        self.cursor = found.map_or(self.text.len(), |(at, _)| at);
    }

    fn before(&self) -> &str {
        self.text.get(..self.cursor).unwrap_or_default()
    }

    fn after(&self) -> &str {
        self.text.get(self.cursor..).unwrap_or_default()
    }

    fn left(&self) -> usize {
        self.before().grapheme_indices(true).next_back().map_or(0, |(at, _)| at)
    }

    fn right(&self) -> usize {
        self.cursor + self.after().graphemes(true).next().map_or(0, str::len)
    }

    fn word_left(&self) -> usize {
        let words = self.before().trim_end_matches(|c| !is_of_word(c));
        let rest = words.trim_end_matches(is_of_word).len();
        self.boundary_before(rest)
    }

    fn word_right(&self) -> usize {
        let words = self.after().trim_start_matches(|c| !is_of_word(c));
        let rest = words.trim_start_matches(is_of_word);
        self.boundary_after(self.text.len() - rest.len())
    }

    fn blank_left(&self) -> usize {
        let word = self.before().trim_end();
        self.boundary_before(word.trim_end_matches(|c: char| !c.is_whitespace()).len())
    }

    fn is_boundary(&self, at: usize) -> bool {
        GraphemeCursor::new(at, self.text.len(), true).is_boundary(&self.text, 0).unwrap_or(true)
    }

    fn boundary_after(&self, mut at: usize) -> usize {
        while !self.is_boundary(at) {
            at = self.text.ceil_char_boundary(at + 1);
        }
        at
    }

    fn boundary_before(&self, mut at: usize) -> usize {
        while !self.is_boundary(at) {
            at = self.text.floor_char_boundary(at.saturating_sub(1));
        }
        at
    }

    /// What came together may have become one grapheme, with the cursor in it.
    fn settle(&mut self) {
        self.cursor = self.boundary_after(self.cursor.min(self.text.len()));
    }
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Returns how many cells a grapheme takes.
pub fn width(grapheme: &str) -> usize {
    let mut all = 0;
    sanitize::cells(grapheme, |_, cells| {
        all += usize::from(cells);
        true
    });
    all
}

/// Returns how many cells are left out at the left so that a cursor is seen in `room` of them. It steps by half of the
/// room, so that the line stands still while one types.
pub fn scrolled(cursor_column: usize, room: usize) -> usize {
    let step = (room / 2).max(1);
    if cursor_column < room { 0 } else { (cursor_column - room + 1).div_ceil(step) * step }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Edits a line in which `|` stands for the cursor.
    fn check(before: &str, edit: Edit, after: &str) {
        let mut input = Input { text: before.replace('|', ""), cursor: before.find('|').unwrap() };
        input.edit(edit);
        let (mut shown, cursor) = (input.text, input.cursor);
        shown.insert(cursor, '|');
        assert_eq!(shown, after, "{before:?} {edit:?}");
    }

    #[test]
    fn the_cursor_moves_by_characters_and_words() {
        check("status = er|ror", Edit::WordLeft, "status = |error");
        check("status = |error", Edit::WordLeft, "|status = error");
        check("|status = error", Edit::WordRight, "status| = error");
        check("status| = error", Edit::WordRight, "status = error|");
        check("日本|語", Edit::Left, "日|本語");
        check("👩‍🚀|x", Edit::Left, "|👩‍🚀x");
        check("|e\u{301}x", Edit::Right, "e\u{301}|x");
        check("|", Edit::Left, "|");
        check("a|b", Edit::Start, "|ab");
        check("a|b", Edit::End, "ab|");
    }

    #[test]
    fn what_is_deleted_is_a_whole_character() {
        check("ae\u{301}|", Edit::DeleteBack, "a|");
        check("|👩‍🚀x", Edit::DeleteForward, "|x");
        check("a b.c=d|e", Edit::DeleteWord, "a |e");
        check("a b  |c", Edit::DeleteWord, "a |c");
        check("ab|cd", Edit::DeleteToStart, "|cd");
        check("ab|cd", Edit::DeleteToEnd, "ab|");
        check("|", Edit::DeleteBack, "|");
    }

    #[test]
    fn what_is_pasted_stays_one_line_within_limits() {
        let mut input = Input::new("ad");
        input.edit(Edit::Left);
        input.insert("b\r\nc\x1b[31m");
        assert_eq!((input.text(), input.cursor()), ("ab  c [31md", 10));
        input.insert(&"x".repeat(MOST_BYTES * 2));
        assert_eq!(input.text().len(), MOST_BYTES);
    }

    #[test]
    fn a_click_puts_the_cursor_there() {
        let mut input = Input::new("a日b");
        let at = |input: &mut Input, column| {
            input.click(column);
            input.cursor()
        };
        assert_eq!([0, 1, 2, 3, 4, 99].map(|column| at(&mut input, column)), [0, 1, 1, 4, 5, 5]);
    }

    #[test]
    fn a_long_line_scrolls_by_halves() {
        assert_eq!([0, 9, 10, 14, 15, 100].map(|column| scrolled(column, 10)), [0, 0, 5, 5, 10, 95]);
        assert_eq!(scrolled(3, 0), 4);
    }

    fn edits() -> impl Strategy<Value = Result<Edit, String>> {
        use Edit as E;
        let edits = [
            E::Left,
            E::Right,
            E::WordLeft,
            E::WordRight,
            E::Start,
            E::End,
            E::DeleteBack,
            E::DeleteForward,
            E::DeleteWord,
            E::DeleteToStart,
            E::DeleteToEnd,
        ];
        let pieces = [
            "a", "e", "\u{301}", "\u{200d}", "👩", "🚀", "🇩", "🇪", "日", " ", "\r\n", "한", "\u{1161}", "{", "क",
            "\u{94d}",
        ];
        let text = proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..5);
        prop_oneof![
            3 => proptest::sample::select(edits.to_vec()).prop_map(Ok),
            2 => text.prop_map(|pieces| Err(pieces.concat())),
            1 => "\\PC{0,6}".prop_map(Err),
        ]
    }

    proptest! {
        #[test]
        fn no_edit_splits_a_grapheme(edits in proptest::collection::vec(edits(), 0..40)) {
            let mut input = Input::default();
            for edit in edits {
                let (before, cursor) = (input.text.clone(), input.cursor);
                match edit {
                    Ok(edit) => {
                        input.edit(edit);
                        // One end of what was deleted is where the cursor was.
                        let deleted = before.len() - input.text.len();
                        let starts: Vec<usize> = before.grapheme_indices(true).map(|(at, _)| at).collect();
                        let whole = |at: usize| at == before.len() || starts.contains(&at);
                        prop_assert!(whole(cursor.saturating_sub(deleted)) || whole((cursor + deleted).min(before.len())));
                    }
                    Err(text) => input.insert(&text),
                }
                let boundaries: Vec<usize> = input.text.grapheme_indices(true).map(|(at, _)| at).collect();
                prop_assert!(input.cursor == input.text.len() || boundaries.contains(&input.cursor));
                prop_assert!(!input.text.chars().any(char::is_control));
            }
        }

        #[test]
        fn the_cursor_is_always_seen(column in 0_usize..1_000, room in 1_usize..200) {
            let left_out = scrolled(column, room);
            prop_assert!(left_out <= column && column - left_out < room);
        }
    }
}
