//! "Did you mean": the known name nearest to a mistyped one.

/// Longer names have no suggestion; this bounds the work.
const LONGEST_NAME: usize = 64;

/// So many letters of a name tell which is meant.
const TELLING: usize = 3;

/// Returns the known name nearest to `name` where no more than a third of it is wrong, or the shortest that begins with it.
pub fn nearest<T>(name: &str, known: impl Iterator<Item = (String, T)>) -> Option<T> {
    let name: Vec<char> = name.chars().take(LONGEST_NAME + 1).collect();
    if name.len() > LONGEST_NAME {
        return None;
    }
    let most = (name.len() / 3).max(1);
    let ranked = known.filter_map(|(candidate, what)| {
        let candidate: Vec<char> = candidate.chars().collect();
        let distance = distance(&name, &candidate);
        let is_near = distance <= most;
        let is_begun = name.len() >= TELLING && candidate.starts_with(&name);
        (is_near || is_begun).then_some(((!is_near, distance), what))
    });
    ranked.min_by_key(|(rank, _)| *rank).map(|(_, what)| what)
}

/// Returns how many characters must be added, taken away, changed or swapped with their neighbour to get from `a` to `b`:
/// the optimal string alignment distance, by rows of its table.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, to) in b.iter().enumerate() {
            let changed = above[j] + usize::from(from != to);
            let mut least = changed.min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *from == b[j - 1] && a[i - 1] == *to {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}
