//! What can be said of every picture: nothing overlaps, and every line can be followed with the eyes.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::tui::widgets::graph::sign;

/// Returns the picture as signs, of boxes and lines, as they are drawn.
fn drawn(layout: &Layout) -> BTreeMap<(i32, i32), char> {
    let mut picture: BTreeMap<(i32, i32), char> = BTreeMap::new();
    for (at, pieces) in &layout.cells {
        picture.insert(*at, sign(pieces, &layout.lines, false).chars().next().unwrap());
    }
    for place in &layout.boxes {
        for x in place.x..place.x + place.width {
            for y in place.y..place.y + HEIGHT {
                assert!(picture.insert((x, y), '#').is_none(), "no line runs through a box, and no box over another");
            }
        }
    }
    picture
}

const UP: (i32, i32) = (0, -1);
const DOWN: (i32, i32) = (0, 1);
const LEFT: (i32, i32) = (-1, 0);
const RIGHT: (i32, i32) = (1, 0);

/// Returns the ways out of a sign.
fn ways(sign: char) -> &'static [(i32, i32)] {
    match sign {
        '─' => &[LEFT, RIGHT],
        '│' => &[UP, DOWN],
        '╭' => &[DOWN, RIGHT],
        '╮' => &[DOWN, LEFT],
        '╯' => &[UP, LEFT],
        '╰' => &[UP, RIGHT],
        '├' => &[UP, DOWN, RIGHT],
        '┤' => &[UP, DOWN, LEFT],
        '┬' => &[LEFT, RIGHT, DOWN],
        '┴' => &[LEFT, RIGHT, UP],
        '┼' => &[UP, DOWN, LEFT, RIGHT],
        _ => &[],
    }
}

/// Follows a line as one does with the eyes: over lines that cross it, round corners, both ways where it forks, and past an arrow
/// in its direction. Returns the boxes it leads to.
fn followed(picture: &BTreeMap<(i32, i32), char>, layout: &Layout, line: &Line) -> BTreeSet<usize> {
    let from = layout.boxes[line.from];
    let (start, along) = if line.is_back {
        ((from.x - 1, from.y + OUT_BACK), LEFT)
    } else {
        ((from.x + from.width, from.y + OUT), RIGHT)
    };
    let arrow = if line.is_back { '◂' } else { '▸' };
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut next = vec![(start, along)];
    while let Some(((x, y), way)) = next.pop() {
        if !seen.insert(((x, y), way)) {
            continue;
        }
        let go = |way: (i32, i32)| ((x + way.0, y + way.1), way);
        match picture.get(&(x, y)) {
            Some('#') => {
                let is_it = |place: &Place| {
                    (place.x..place.x + place.width).contains(&x) && (place.y..place.y + HEIGHT).contains(&y)
                };
                found.insert(layout.boxes.iter().position(is_it).unwrap());
            }
            Some(&sign) if sign == arrow => {
                if way == along {
                    next.push(go(along));
                } else {
                    next.push(go(along));
                    let ahead = picture.get(&(x + way.0, y + way.1)).copied().unwrap_or(' ');
                    if ways(ahead).contains(&(-way.0, -way.1)) || ahead == arrow {
                        next.push(go(way));
                    }
                }
            }
            Some('│') if way == LEFT || way == RIGHT => next.push(go(way)),
            Some(&sign) if ways(sign).contains(&(-way.0, -way.1)) => {
                next.extend(ways(sign).iter().filter(|other| **other != (-way.0, -way.1)).map(|other| go(*other)));
            }
            other => panic!("the line from {} ends at {x} {y} in {other:?}\n{}", line.from, shown(layout)),
        }
    }
    found
}

fn shown(layout: &Layout) -> String {
    let picture = drawn(layout);
    let row = |y| (0..layout.size.0).map(|x| picture.get(&(x, y)).copied().unwrap_or(' ')).collect::<String>();
    (0..layout.size.1).map(row).collect::<Vec<_>>().join("\n")
}

fn check(layout: &Layout, edges: &[(usize, usize)]) {
    let picture = drawn(layout);
    let mut found: BTreeSet<(usize, usize)> = BTreeSet::new();
    for line in &layout.lines {
        let reached = followed(&picture, layout, line);
        assert_eq!(reached, line.to.iter().copied().collect(), "from {}\n{}", line.from, shown(layout));
        found.extend(reached.into_iter().map(|to| (line.from, to)));
    }
    let expected: BTreeSet<(usize, usize)> = edges.iter().copied().filter(|(a, b)| a != b).collect();
    assert_eq!(found, expected);
    for ((x, y), _) in picture {
        assert!((0..layout.size.0).contains(&x) && (0..layout.size.1).contains(&y));
    }
}

fn laid_out(count: usize, edges: &[(usize, usize)], ranks: &[Option<usize>]) -> Layout {
    let widths: Vec<u16> = (0..count).map(|number| 6 + number as u16 % 5).collect();
    Layout::of(&Diagram { widths: &widths, edges, ranks, gap: 2 })
}

fn ranks(layout: &Layout, count: usize) -> Vec<Option<usize>> {
    let mut ranks = vec![None; count];
    for layer in &layout.layers {
        for (rank, &number) in layer.iter().enumerate() {
            ranks[number] = Some(rank);
        }
    }
    ranks
}

fn graph(most: usize) -> impl Strategy<Value = (usize, Vec<(usize, usize)>)> {
    (1..most).prop_flat_map(move |count| {
        let edge = (0..count, 0..count);
        (Just(count), prop::collection::vec(edge, 0..count * 3))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn every_line_can_be_followed_and_nothing_overlaps((count, edges) in graph(14)) {
        check(&laid_out(count, &edges, &[]), &edges);
    }

    #[test]
    fn what_was_there_keeps_its_order_when_something_comes((count, edges) in graph(14), more in prop::collection::vec((any::<bool>(), 0..14_usize), 0..5)) {
        let before = laid_out(count, &edges, &[]);
        let mut after = edges.clone();
        after.extend(more.into_iter().map(|(calls, other)| if calls { (count, other % count) } else { (other % count, count) }));
        let known = ranks(&before, count);
        let layout = laid_out(count + 1, &after, &known);
        check(&layout, &after);
        let (old, new) = (place_of(&before), place_of(&layout));
        for one in 0..count {
            for other in 0..count {
                let were_together = old[&one].0 == old[&other].0 && new[&one].0 == new[&other].0;
                prop_assert!(!were_together || (old[&one].1 < old[&other].1) == (new[&one].1 < new[&other].1));
            }
        }
    }
}

/// Returns the layer of each box and its place in it.
fn place_of(layout: &Layout) -> BTreeMap<usize, (usize, usize)> {
    let all = layout.layers.iter().enumerate();
    all.flat_map(|(layer, own)| own.iter().enumerate().map(move |(at, &number)| (number, (layer, at)))).collect()
}

#[test]
fn a_chain_is_a_straight_line() {
    let layout = laid_out(3, &[(0, 1), (1, 2)], &[]);
    insta::assert_snapshot!(shown(&layout), @"
    ######                       
    ######    #######            
    ######───▸#######    ########
    ######    #######───▸########
              #######    ########
                         ########
    ");
}

#[test]
fn a_circle_goes_back_by_one_line() {
    let layout = laid_out(4, &[(0, 1), (1, 2), (2, 0), (2, 3)], &[]);
    insta::assert_snapshot!(shown(&layout), @"
                 #######                         
    ######◂╮ ╭──▸#######    ########             
    ###### │ │   #######───▸########    #########
    ######─│─╯   #######    ########───▸#########
    ###### │     ╭──────────########    #########
           ╰─────╯                      #########
    ");
}

#[test]
fn lines_to_the_same_box_meet_before_it() {
    let layout = laid_out(6, &[(0, 4), (1, 4), (2, 4), (1, 5), (2, 5), (3, 5), (0, 3)], &[]);
    insta::assert_snapshot!(shown(&layout), @"
    ########                                
    ########         ##########             
    ########───┬────▸##########             
    ########   │     ##########─╮           
               │     ########## │           
               │                │           
    ########   │                │           
    ########   │     ########## │           
    ########─┬─▸─▸──▸########## │           
    ######## │   │   ########## │           
             │   │   ########## │     ######
             │   │   ╭──────────▸─▸──▸######
    ######## ╰───│───╯            │   ######
    ########     │   ╭────────────╯   ######
    ########─────┴───╯                      
    ########
    ");
}

#[test]
fn nothing_is_a_picture_of_nothing() {
    assert_eq!(Layout::of(&Diagram { widths: &[], edges: &[(0, 1)], ranks: &[], gap: 0 }).size, (0, 0));
}
