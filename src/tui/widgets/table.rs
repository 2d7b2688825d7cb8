//! Tables: columns are described once; their places follow from the width alone, and only visible rows are drawn.

use ratatui::layout::Rect;

use crate::tui::canvas::Canvas;

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub struct Column<K> {
    pub title: &'static str,
    /// What the table is sorted by when this column is chosen.
    pub sort: Option<K>,
    pub width: Width,
    pub right: bool,
    /// The least width of the table at which the column is shown.
    pub from: u16,
}

/// How wide a column is.
#[derive(Clone, Copy, Debug)]
pub enum Width {
    Fixed(u16),
    /// At least, at most, and its part of what is left.
    Share(u16, u16, u16),
}

/// Where a column is: its index among the columns described, and its cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub column: usize,
    pub x: u16,
    pub width: u16,
}

/// From this width on columns are two cells apart.
const AIRY_WIDTH: u16 = 100;

/// Returns the places of the columns that fit into `area`.
pub fn places<K>(columns: &[Column<K>], area: Rect) -> Vec<Place> {
    let shown: Vec<usize> = (0..columns.len()).filter(|&i| columns[i].from <= area.width).collect();
    let least = |i: usize| match columns[i].width {
        Width::Fixed(width) | Width::Share(width, ..) => width,
    };
    let gap = if area.width >= AIRY_WIDTH { 2 } else { 1 };
    let gaps = gap * shown.len().saturating_sub(1) as u16;
    let mut widths: Vec<u16> = shown.iter().map(|&i| least(i)).collect();
    let mut left = area.width.saturating_sub(gaps + widths.iter().sum::<u16>());
    // Shares are dealt out a cell at a time, to the column that is then the least ahead of its part: few columns, few cells.
    while left > 0 {
        let open = |slot: usize| match columns[shown[slot]].width {
            Width::Share(least, most, part) if widths[slot] < most => {
                Some((u32::from(widths[slot] - least + 1) * 1000 / u32::from(part.max(1)), slot))
            }
            _ => None,
        };
        let Some((_, slot)) = (0..shown.len()).filter_map(open).min() else { break };
        widths[slot] += 1;
        left -= 1;
    }
    let mut x = area.x;
    let mut places = Vec::with_capacity(shown.len());
    for (&column, width) in shown.iter().zip(widths) {
        let width = width.min(area.right().saturating_sub(x));
        places.push(Place { column, x, width });
        x = x.saturating_add(width + gap);
    }
    places
}

/// Draws the titles, with an arrow on the column the table is sorted by.
pub fn header<K: PartialEq>(canvas: &mut Canvas, area: Rect, columns: &[Column<K>], sorted: (&K, bool)) {
    header_with(canvas, area, columns, sorted, |_| "");
}

/// Draws the titles, each with what stands before it.
pub fn header_with<K: PartialEq>(
    canvas: &mut Canvas,
    area: Rect,
    columns: &[Column<K>],
    sorted: (&K, bool),
    before: impl Fn(usize) -> &'static str,
) {
    let (theme, symbols) = (canvas.theme(), canvas.symbols());
    for place in places(columns, area) {
        let column = &columns[place.column];
        let name = format!("{}{}", before(place.column), column.title);
        let (title, style) = if column.sort.as_ref() == Some(sorted.0) {
            let arrow = if sorted.1 { symbols.descending } else { symbols.ascending };
            let title = if column.right { format!("{arrow}{name}") } else { format!("{name}{arrow}") };
            (title, theme.key())
        } else {
            (name, theme.dim())
        };
        if column.right {
            canvas.text_right((place.x, area.y), place.width, &title, style);
        } else {
            canvas.text((place.x, area.y), place.width, &title, style);
        }
    }
}

/// Marks the row of a table at `y` as the selected one.
pub fn select(canvas: &mut Canvas, rows: Rect, y: u16) {
    canvas.tint(Rect { y, height: 1, ..rows }, canvas.theme().selected());
    canvas.symbol((rows.x, y), canvas.symbols().pointer, canvas.theme().accent());
}

/// Returns the column whose title is at `x`.
pub fn column_at<K>(columns: &[Column<K>], area: Rect, x: u16) -> Option<usize> {
    places(columns, area).iter().find(|place| (place.x..=place.x + place.width).contains(&x)).map(|place| place.column)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column<u8>; 3] = [
        Column { title: "A", sort: None, width: Width::Fixed(4), right: true, from: 0 },
        Column { title: "B", sort: None, width: Width::Share(5, 10, 1), right: false, from: 0 },
        Column { title: "C", sort: None, width: Width::Share(5, 90, 2), right: false, from: 30 },
    ];

    fn widths(width: u16) -> Vec<u16> {
        places(&COLUMNS, Rect::new(0, 0, width, 1)).iter().map(|place| place.width).collect()
    }

    #[test]
    fn columns_share_what_is_left() {
        assert_eq!(widths(20), [4, 10]);
        assert_eq!(widths(30), [4, 10, 14]);
        assert_eq!(widths(60), [4, 10, 44]);
        assert_eq!(widths(7), [4, 2]);
        assert_eq!(widths(0), [0, 0]);
    }

    #[test]
    fn clicks_find_their_column() {
        let area = Rect::new(0, 0, 30, 1);
        assert_eq!(column_at(&COLUMNS, area, 2), Some(0));
        assert_eq!(column_at(&COLUMNS, area, 20), Some(2));
    }
}
