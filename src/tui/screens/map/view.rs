//! Draws the screen.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::calls::{COLUMNS, cell};
use super::matrix;
use super::near::Near;
use super::panes::Panes;
use super::state::State;
use crate::analysis::graph::Node;
use crate::analysis::{Figures, HealthStatus};
use crate::tui::canvas::Canvas;
use crate::tui::format;
use crate::tui::screens::traces::welcome;
use crate::tui::widgets::graph::{Content, Picture};
use crate::tui::widgets::{chip, face, table};
use crate::tui::world::World;

/// From this share of failed calls on an edge is marked, in percent.
const FAILS: f64 = 5.0;

/// Draws everything but the search line; the query in force is `text`.
pub(super) fn draw(state: &State, text: &str, canvas: &mut Canvas, panes: &Panes, world: &World) {
    let answer = state.answer();
    let Some(found) = answer.value() else {
        return match answer.failure() {
            Some(failure) => face::failing(canvas, panes.above, failure),
            None => face::loading(canvas, panes.above, "calls", answer.progress()),
        };
    };
    if found.graph.nodes.is_empty() {
        let is_without_traces = world.status.as_ref().is_some_and(|status| status.total_traces == 0);
        if is_without_traces && answer.failure().is_none() {
            return welcome::draw(canvas, panes.above, world);
        }
        return face::nothing(canvas, panes.above, text, world.window.name());
    }
    if state.is_matrix() {
        matrix::draw(state, canvas, panes.graph);
    } else {
        picture(state, canvas, panes.graph, world);
    }
    told(state, canvas, panes.told);
    calls(state, canvas, panes);
}

fn picture(state: &State, canvas: &mut Canvas, area: Rect, world: &World) {
    let (theme, symbols, graph) = (canvas.theme(), canvas.symbols(), state.graph());
    let health = |node: &Node| {
        let services = world.health.as_ref().map(|health| health.services.as_slice()).unwrap_or_default();
        let own = services.iter().find(|service| service.service == node.name && node.outside.is_none());
        own.and_then(|service| service.status)
    };
    let numbers: Vec<String> = graph.nodes.iter().map(|node| short(&node.figures)).collect();
    let contents: Vec<Content> = graph
        .nodes
        .iter()
        .zip(&numbers)
        .map(|(node, numbers)| {
            let status = health(node).or_else(|| outside_status(node));
            Content {
                name: &node.name,
                style: if node.outside.is_none() { theme.service(&node.name) } else { Style::new() },
                sign: (symbols.health(status), theme.health(status)),
                title: node.outside.map(crate::model::EdgeKind::name),
                numbers,
            }
        })
        .collect();
    let fails = |caller: usize, callee: usize| {
        let own = graph.edges.iter().filter(|edge| (edge.caller, edge.callee) == (caller, callee));
        own.into_iter().any(|edge| edge.calls.error_rate_percent().is_some_and(|percent| percent >= FAILS))
    };
    let picture = Picture {
        layout: state.layout(),
        contents: &contents,
        selected: state.selected(),
        fails: &fails,
        offset: state.offset,
    };
    picture.draw(canvas, area);
}

/// Returns how what sends no spans does, by how many calls to it fail.
fn outside_status(node: &Node) -> Option<HealthStatus> {
    let percent = node.figures.error_rate_percent().filter(|_| node.outside.is_some())?;
    Some(if percent >= FAILS { HealthStatus::Warning } else { HealthStatus::Ok })
}

/// Returns the numbers of a box: how much, and how long.
fn short(figures: &Figures) -> String {
    let Some(per_minute) = figures.per_minute() else { return String::new() };
    let p95 = figures.percentiles.map(|all| format::duration(all.p95_ns)).unwrap_or_default();
    format!("{}/min  {p95}", format::rate(per_minute))
}

/// Says what is selected, with its figures, and what is left out.
fn told(state: &State, canvas: &mut Canvas, line: Rect) {
    let (theme, error, graph) = (canvas.theme(), canvas.symbols().error, state.graph());
    let Some(node) = state.selected().and_then(|selected| graph.nodes.get(selected)).filter(|_| line.height > 0) else {
        return;
    };
    let mut x = line.x;
    let name = |canvas: &mut Canvas, x: u16, node: &Node| {
        let width = (crate::tui::sanitize::width(&node.name, 30).min(30) + 2).min(line.right().saturating_sub(x));
        match node.outside {
            None => chip::draw(canvas, (x, line.y), width, &node.name),
            Some(_) => _ = canvas.text((x, line.y), width, &node.name, theme.strong()),
        }
        x + width + 1
    };
    x = name(canvas, x, node);
    let column = state.column().filter(|column| Some(*column) != state.selected());
    let mut figures = Some(&node.figures);
    if let Some((column, callee)) = column.and_then(|column| Some((column, graph.nodes.get(column)?))) {
        x = canvas.text((x, line.y), line.right().saturating_sub(x), "to ", theme.dim());
        x = name(canvas, x, callee);
        let is_it =
            |edge: &&crate::analysis::graph::Edge| Some(edge.caller) == state.selected() && edge.callee == column;
        figures = graph.edges.iter().find(is_it).map(|edge| &edge.calls);
    }
    let mut piece = |text: &str, style: Style| {
        if x < line.right() {
            x = canvas.text((x, line.y), line.right() - x, text, style);
        }
    };
    match figures {
        None => piece("no calls  ", theme.dim()),
        Some(figures) => {
            if let Some(per_minute) = figures.per_minute() {
                piece(&format!("{}/min  ", format::rate(per_minute)), Style::new());
            }
            if let Some(percent) = figures.error_rate_percent().filter(|_| figures.errors > 0) {
                piece(&format!("{error} {} failed  ", format::percent(percent)), theme.error());
            }
            if let Some(all) = figures.percentiles {
                for (title, ns) in [("P50", all.p50_ns), ("P95", all.p95_ns), ("P99", all.p99_ns)] {
                    piece(&format!("{title} "), theme.dim());
                    piece(&format!("{}  ", format::duration(ns)), Style::new());
                }
            }
        }
    }
    let aside = aside(state);
    let room = line.right().saturating_sub(x);
    if crate::tui::sanitize::width(&aside, room + 1) <= room {
        canvas.text_right((line.x, line.y), line.width, &aside, theme.dim());
    }
}

/// What stands at the right: how much there is, and what of it is shown.
fn aside(state: &State) -> String {
    let graph = state.graph();
    let outside = graph.nodes.iter().filter(|node| node.outside.is_some()).count();
    let services = graph.nodes.len() - outside;
    let count = format!("{}, {outside} outside", format::plural(services as u64, "service"));
    match state.near() {
        Near::Hops(hops) => format!("within {}: {count}", format::plural(hops as u64, "call")),
        Near::Everything if state.is_too_much() => format!("too many for a picture: {count}"),
        Near::Everything => count,
    }
}

/// Draws the calls of what is selected.
fn calls(state: &State, canvas: &mut Canvas, panes: &Panes) {
    if panes.rows.height == 0 {
        return;
    }
    if let Some(failure) = state.answer().failure() {
        let text = format!("{} no answer, what is shown is old: {failure}", canvas.symbols().error);
        canvas.text((panes.header.x, panes.header.y), panes.header.width, &text, canvas.theme().error());
    } else {
        table::header(canvas, panes.header, &COLUMNS, state.calls.sorted());
    }
    if state.calls.all().is_empty() {
        return face::draw(
            canvas,
            panes.rows,
            &[(canvas.theme().dim(), "it calls nothing, and nothing calls it".into())],
        );
    }
    let places = table::places(&COLUMNS, panes.columns);
    for (y, (row, is_selected)) in (panes.rows.y..).zip(state.calls.visible(panes.rows.height)) {
        for place in &places {
            cell(canvas, (place.x, y), *place, row);
        }
        if is_selected && state.focus == super::panes::Focus::Calls {
            table::select(canvas, panes.rows, y);
        }
    }
}
