//! The one cursor that moves every list: which row is selected, and which is the first one shown.

/// A way to move in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    Down(usize),
    Up(usize),
    HalfDown,
    HalfUp,
    PageDown,
    PageUp,
    First,
    Last,
}

/// A place in a list of `len` rows of which `height` are visible; both are given with each call, since both change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    pub selected: usize,
    pub first: usize,
}

impl Cursor {
    /// How many rows stay visible above and below the selected one while scrolling.
    const MARGIN: usize = 2;

    /// Moves the selection, and scrolls no more than needed.
    pub fn step(&mut self, motion: Motion, len: usize, height: usize) {
        let page = height.saturating_sub(1).max(1);
        let half = (height / 2).max(1);
        self.selected = match motion {
            Motion::Down(n) => self.selected.saturating_add(n),
            Motion::Up(n) => self.selected.saturating_sub(n),
            Motion::HalfDown => self.selected.saturating_add(half),
            Motion::HalfUp => self.selected.saturating_sub(half),
            Motion::PageDown => self.selected.saturating_add(page),
            Motion::PageUp => self.selected.saturating_sub(page),
            Motion::First => 0,
            Motion::Last => len.saturating_sub(1),
        };
        self.clamp(len, height);
    }

    /// Selects a row, and scrolls no more than needed.
    pub fn select(&mut self, row: usize, len: usize, height: usize) {
        self.selected = row;
        self.clamp(len, height);
    }

    /// Keeps the selected row in the list and on the screen.
    pub fn clamp(&mut self, len: usize, height: usize) {
        self.selected = self.selected.min(len.saturating_sub(1));
        let margin = Self::MARGIN.min(height.saturating_sub(1) / 2);
        let lowest_first = (self.selected + margin + 1).saturating_sub(height);
        self.first = self.first.max(lowest_first).min(self.selected.saturating_sub(margin));
        self.first = self.first.min(len.saturating_sub(height));
    }

    /// Scrolls by rows, taking the selection along at the edges.
    pub fn scroll(&mut self, rows: isize, len: usize, height: usize) {
        self.first = self.first.saturating_add_signed(rows).min(len.saturating_sub(height));
        let margin = Self::MARGIN.min(height.saturating_sub(1) / 2);
        let top = if self.first == 0 { 0 } else { self.first + margin };
        let at_end = self.first + height >= len;
        let bottom = (self.first + height).saturating_sub(if at_end { 1 } else { margin + 1 });
        self.selected = self.selected.clamp(top.min(bottom), bottom.max(top));
        self.clamp(len, height);
    }

    /// Returns the row drawn `line` lines below the top, if there is one.
    pub fn row_at(&self, line: usize, len: usize) -> Option<usize> {
        Some(self.first + line).filter(|&row| row < len)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_list_scrolls_before_the_edge_is_reached() {
        let mut cursor = Cursor::default();
        cursor.step(Motion::Down(7), 100, 10);
        assert_eq!(cursor, Cursor { selected: 7, first: 0 });
        cursor.step(Motion::Down(1), 100, 10);
        assert_eq!(cursor, Cursor { selected: 8, first: 1 });
        cursor.step(Motion::Last, 100, 10);
        assert_eq!(cursor, Cursor { selected: 99, first: 90 });
        cursor.step(Motion::PageUp, 100, 10);
        assert_eq!(cursor, Cursor { selected: 90, first: 88 });
    }

    #[test]
    fn the_wheel_scrolls_to_both_ends() {
        let mut cursor = Cursor::default();
        for _ in 0..50 {
            cursor.scroll(3, 100, 10);
        }
        assert_eq!(cursor.first, 90);
        for _ in 0..50 {
            cursor.scroll(-3, 100, 10);
        }
        assert_eq!(cursor.first, 0);
    }

    proptest! {
        #[test]
        fn the_selected_row_is_always_visible(
            steps in proptest::collection::vec((0_usize..10, 0_usize..300), 1..40),
            len in 0_usize..200,
            height in 0_usize..50,
        ) {
            let mut cursor = Cursor::default();
            for (kind, n) in steps {
                match kind {
                    0 => cursor.step(Motion::Down(n), len, height),
                    1 => cursor.step(Motion::Up(n), len, height),
                    2 => cursor.step(Motion::HalfDown, len, height),
                    3 => cursor.step(Motion::HalfUp, len, height),
                    4 => cursor.step(Motion::PageDown, len, height),
                    5 => cursor.step(Motion::PageUp, len, height),
                    6 => cursor.step(Motion::Last, len, height),
                    7 => cursor.scroll(n as isize, len, height),
                    8 => cursor.scroll(-(n as isize), len, height),
                    _ => cursor.step(Motion::First, len, height),
                }
                prop_assert!(cursor.selected < len.max(1));
                prop_assert!(cursor.first <= cursor.selected);
                prop_assert!(height == 0 || cursor.selected < cursor.first + height);
            }
        }
    }
}
