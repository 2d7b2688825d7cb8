use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn what_is_selected_is_seen_and_little_moves(
        edges in prop::collection::vec((0..20_usize, 0..20_usize), 0..40),
        (width, height) in (24_u16..120, 6_u16..40),
        (selected, before) in (0..20_usize, (0_i32..200, 0_i32..200)),
    ) {
        let layout = Layout::of(&Diagram { widths: &[16; 20], edges: &edges, ranks: &[], gap: 0 });
        let (x, y) = offset(&layout, (width, height), Some(selected), before);
        let place = layout.boxes[selected];
        prop_assert!(place.x >= x && place.x + place.width <= x + i32::from(width), "{place:?} {x}");
        prop_assert!(place.y >= y && place.y + HEIGHT <= y + i32::from(height), "{place:?} {y}");
        prop_assert_eq!(offset(&layout, (width, height), Some(selected), (x, y)), (x, y));
    }
}
