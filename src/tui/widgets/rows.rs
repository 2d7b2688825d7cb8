//! The rows of a table that are all there: in which order they are, and which is selected. What is selected stays selected
//! while the data changes.

use std::cmp::Ordering;

use super::cursor::{Cursor, Motion};

/// What a row is sorted by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    Text(&'a str),
    /// None where there is no data; that comes last in either order.
    Number(Option<f64>),
}

/// A row.
pub trait Row {
    type Key: Copy + PartialEq + 'static;

    /// What it can be sorted by, in the order of the columns.
    const KEYS: &'static [Self::Key];

    /// Returns what it is sorted by.
    fn value(&self, key: Self::Key) -> Value<'_>;

    /// Returns whether the greatest comes first where nothing else is said.
    fn descends(key: Self::Key) -> bool;

    /// Returns the order of rows that are the same otherwise.
    fn tie(&self, other: &Self) -> Ordering;

    /// Returns whether this is the row that was there before.
    fn is_same(&self, other: &Self) -> bool;
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Rows<T: Row> {
    all: Vec<T>,
    key: T::Key,
    descending: bool,
    cursor: Cursor,
    /// Whether the selection stays at the top, whatever row is there.
    is_at_top: bool,
}

impl<T: Row> Rows<T> {
    /// Returns no rows, to be sorted by a key.
    pub fn sorted_by(key: T::Key) -> Self {
        Self { all: Vec::new(), key, descending: T::descends(key), cursor: Cursor::default(), is_at_top: true }
    }

    /// Shows other rows.
    pub fn show(&mut self, rows: Vec<T>) {
        let mut before = std::mem::replace(&mut self.all, rows);
        let selected = (self.cursor.selected < before.len()).then(|| before.swap_remove(self.cursor.selected));
        self.sort(selected.as_ref());
    }

    /// Sorts, and goes to where the row is that was selected.
    fn sort(&mut self, selected: Option<&T>) {
        let (key, descending) = (self.key, self.descending);
        self.all.sort_by(|a, b| order((a.value(key), b.value(key)), descending).then_with(|| a.tie(b)));
        if self.is_at_top {
            self.cursor = Cursor::default();
        } else if let Some(place) = selected.and_then(|old| self.all.iter().position(|row| row.is_same(old))) {
            let above = self.cursor.selected.saturating_sub(self.cursor.first);
            self.cursor = Cursor { selected: place, first: place.saturating_sub(above) };
        }
    }

    /// Keeps the selection on a screen of so many rows.
    pub fn settle(&mut self, height: usize) {
        self.cursor.clamp(self.all.len(), height);
    }

    pub fn step(&mut self, motion: Motion, height: usize) {
        self.cursor.step(motion, self.all.len(), height);
        self.is_at_top = motion == Motion::First;
    }

    pub fn scroll(&mut self, by: isize, height: usize) {
        self.cursor.scroll(by, self.all.len(), height);
        self.is_at_top = false;
    }

    /// Selects the row on that line, and returns whether it was selected before.
    pub fn click(&mut self, line: usize, height: usize) -> bool {
        let Some(row) = self.cursor.row_at(line, self.all.len()) else { return false };
        let again = row == self.cursor.selected;
        self.cursor.select(row, self.all.len(), height);
        self.is_at_top = false;
        again
    }

    /// Sorts by the next key.
    pub fn sort_next(&mut self) {
        let next = T::KEYS.iter().position(|key| *key == self.key).map_or(0, |place| (place + 1) % T::KEYS.len());
        if let Some(key) = T::KEYS.get(next) {
            self.sort_anew(*key, T::descends(*key));
        }
    }

    /// Reverses the order.
    pub fn sort_reverse(&mut self) {
        self.sort_anew(self.key, !self.descending);
    }

    /// Sorts by a key; reverses the order where it is sorted by it already.
    pub fn sort_by(&mut self, key: T::Key) {
        let descending = if self.key == key { !self.descending } else { T::descends(key) };
        self.sort_anew(key, descending);
    }

    /// Who sorts wants to see what comes out on top, so the selection goes there.
    fn sort_anew(&mut self, key: T::Key, descending: bool) {
        (self.key, self.descending, self.is_at_top) = (key, descending, true);
        self.sort(None);
    }

    /// Returns what it is sorted by, and whether the greatest comes first.
    pub fn sorted(&self) -> (&T::Key, bool) {
        (&self.key, self.descending)
    }

    pub fn cursor(&self) -> Cursor {
        self.cursor
    }

    pub fn selected(&self) -> Option<&T> {
        self.all.get(self.cursor.selected)
    }

    /// Returns all rows in their order.
    pub fn all(&self) -> &[T] {
        &self.all
    }

    /// Returns the rows of a screen of so many, and whether each is selected.
    pub fn visible(&self, height: u16) -> impl Iterator<Item = (&T, bool)> {
        let rows = self.all.iter().enumerate().skip(self.cursor.first).take(height.into());
        rows.map(|(place, row)| (row, place == self.cursor.selected))
    }
}

fn order(values: (Value, Value), descending: bool) -> Ordering {
    let directed = |ordering: Ordering| if descending { ordering.reverse() } else { ordering };
    match values {
        (Value::Text(a), Value::Text(b)) => directed(a.cmp(b)),
        (Value::Number(Some(a)), Value::Number(Some(b))) => directed(a.total_cmp(&b)),
        (Value::Number(None), Value::Number(Some(_))) => Ordering::Greater,
        (Value::Number(Some(_)), Value::Number(None)) => Ordering::Less,
        _ => Ordering::Equal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Debug)]
    struct Fruit(&'static str, Option<f64>);

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Key {
        Name,
        Weight,
    }

    impl Row for Fruit {
        type Key = Key;
        const KEYS: &'static [Key] = &[Key::Name, Key::Weight];

        fn value(&self, key: Key) -> Value<'_> {
            if key == Key::Name { Value::Text(self.0) } else { Value::Number(self.1) }
        }

        fn descends(key: Key) -> bool {
            key == Key::Weight
        }

        fn tie(&self, other: &Self) -> Ordering {
            self.0.cmp(other.0)
        }

        fn is_same(&self, other: &Self) -> bool {
            self.0 == other.0
        }
    }

    fn fruit() -> Rows<Fruit> {
        let mut rows = Rows::sorted_by(Key::Weight);
        rows.show(vec![
            Fruit("plum", Some(3.0)),
            Fruit("fig", None),
            Fruit("pear", Some(9.0)),
            Fruit("date", Some(3.0)),
        ]);
        rows
    }

    fn names(rows: &Rows<Fruit>) -> Vec<&str> {
        rows.all().iter().map(|row| row.0).collect()
    }

    #[test]
    fn what_has_no_data_comes_last_in_either_order() {
        let mut rows = fruit();
        assert_eq!(names(&rows), ["pear", "date", "plum", "fig"]);
        rows.sort_reverse();
        assert_eq!(names(&rows), ["date", "plum", "pear", "fig"]);
        rows.sort_next();
        assert_eq!((names(&rows)[0], rows.sorted()), ("date", (&Key::Name, false)));
    }

    #[test]
    fn the_selected_row_stays_selected_while_others_move() {
        let mut rows = fruit();
        rows.step(Motion::Down(2), 10);
        assert_eq!(rows.selected().unwrap().0, "plum");
        rows.show(vec![Fruit("pear", None), Fruit("plum", Some(99.0)), Fruit("kiwi", Some(1.0))]);
        rows.settle(10);
        assert_eq!((rows.selected().unwrap().0, rows.cursor().selected), ("plum", 0));
        rows.show(Vec::new());
        rows.settle(10);
        assert!(rows.selected().is_none());
    }

    #[test]
    fn at_the_top_it_stays_at_the_top() {
        let mut rows = fruit();
        rows.show(vec![Fruit("pear", Some(1.0)), Fruit("plum", Some(99.0))]);
        assert_eq!(rows.selected().unwrap().0, "plum");
        assert!(!rows.click(1, 10) && rows.click(1, 10));
        rows.step(Motion::First, 10);
        rows.show(fruit().all().to_vec());
        assert_eq!(rows.selected().unwrap().0, "pear");
    }
}
