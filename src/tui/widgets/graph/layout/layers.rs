//! Which layer each box is in: as far left as what calls it allows. Of a circle one edge goes back.

/// Returns the layer of each box. Edges lead to a higher layer, but for one or more of each circle that lead to a lower one.
pub(super) fn assign(count: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let mut callees: Vec<Vec<usize>> = vec![Vec::new(); count];
    let mut callers = vec![0; count];
    for &(from, to) in edges {
        callees[from].push(to);
        callers[to] += 1;
    }
    let order = finished_last(&callees, &callers);
    let mut place = vec![0; count];
    for (at, &number) in order.iter().enumerate() {
        place[number] = at;
    }
    // An edge to what comes earlier in the order goes back: to where one came from, which is further left.
    let mut layers = vec![0; count];
    for &from in &order {
        for &to in callees[from].iter().filter(|&&to| place[to] > place[from]) {
            layers[to] = layers[to].max(layers[from] + 1);
        }
    }
    pull(&mut layers, &order, &callees, &place);
    without_empty(layers)
}

/// Returns the boxes in an order in which each comes before those that it leads to, but for circles: those found last are
/// first, by a search in depth that begins where nothing leads to.
fn finished_last(callees: &[Vec<usize>], callers: &[usize]) -> Vec<usize> {
    let mut begins: Vec<usize> = (0..callees.len()).collect();
    begins.sort_by_key(|&number| (callers[number] > 0, number));
    let mut state = vec![false; callees.len()];
    let mut finished = Vec::with_capacity(callees.len());
    let mut stack: Vec<(usize, usize)> = Vec::new();
    for begin in begins {
        if std::mem::replace(&mut state[begin], true) {
            continue;
        }
        stack.push((begin, 0));
        while let Some((number, next)) = stack.pop() {
            let Some(&to) = callees[number].get(next) else {
                finished.push(number);
                continue;
            };
            stack.push((number, next + 1));
            if !std::mem::replace(&mut state[to], true) {
                stack.push((to, 0));
            }
        }
    }
    finished.reverse();
    finished
}

/// Pulls what nothing leads to beside what it leads to first, so that lines are short.
fn pull(layers: &mut [usize], order: &[usize], callees: &[Vec<usize>], place: &[usize]) {
    let mut is_called = vec![false; layers.len()];
    for &from in order {
        for &to in &callees[from] {
            is_called[to] = true;
        }
    }
    for &from in order.iter().rev().filter(|&&from| !is_called[from]) {
        let first = callees[from].iter().filter(|&&to| place[to] > place[from]).map(|&to| layers[to]).min();
        if let Some(first) = first {
            layers[from] = first.saturating_sub(1).max(layers[from]);
        }
    }
}

/// Numbers layers anew so that none is empty.
fn without_empty(mut layers: Vec<usize>) -> Vec<usize> {
    let mut used: Vec<usize> = layers.clone();
    used.sort_unstable();
    used.dedup();
    for layer in &mut layers {
        *layer = used.binary_search(layer).unwrap_or_default();
    }
    layers
}
