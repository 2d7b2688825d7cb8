//! Everything the screen can be told to do: one table that feeds the keymap, the bottom line and the help.

use super::widgets::input::Edit;

/// What a key or click asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    Down,
    Up,
    HalfDown,
    HalfUp,
    PageDown,
    PageUp,
    First,
    Last,
    Open,
    Back,
    /// Go to a screen.
    Show(Tab),
    Pause,
    Follow,
    SortNext,
    SortReverse,
    WindowWider,
    WindowNarrower,
    ErrorsOnly,
    Fold,
    Unfold,
    FoldAll,
    UnfoldAll,
    NextError,
    PreviousError,
    FocusNext,
    FocusPrevious,
    ZoomIn,
    ZoomOut,
    ZoomSpan,
    ZoomReset,
    PanLeft,
    PanRight,
    GroupAttributes,
    /// Show only what is on the critical path, or everything.
    CriticalPath,
    /// Show the operations of the trace as a table, or the waterfall again.
    Operations,
    /// Show what stands out, or no longer.
    Findings,
    /// Tell why what is selected is as it is.
    Why,
    /// Show the flame graph, or no longer.
    Flame,
    /// Put together what is alike, in the next way.
    Aggregate,
    Search,
    Explain,
    Accept,
    Cancel,
    Complete,
    Earlier,
    Later,
    Edit(Edit),
    Facets,
    Include,
    Exclude,
    AddFacet,
    RemoveFacet,
    Scatter,
    Select,
    Left,
    Right,
    NextMatch,
    PreviousMatch,
    /// Go into the heatmap.
    Heatmap,
    /// Move, and take what lies between into the selection.
    Extend(Toward),
    /// Show the slow operations in place of the charts, or no longer.
    Slow,
    /// Show only what is near.
    Near,
    /// Show the matrix in place of the picture, or no longer.
    Matrix,
    Help,
    Redraw,
    Suspend,
    Quit,
}

/// A direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Toward {
    Left,
    Right,
    Up,
    Down,
}

impl Toward {
    /// Returns how far a step goes to the right and down.
    pub fn step(self) -> (i16, i16) {
        match self {
            Self::Left => (-1, 0),
            Self::Right => (1, 0),
            Self::Up => (0, -1),
            Self::Down => (0, 1),
        }
    }
}

/// The screens, in the order of their numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Tab {
    #[default]
    Traces,
    /// The trace opened last.
    Trace,
    Services,
    Map,
    Latency,
    Errors,
    Health,
}

impl Tab {
    /// Every screen with its number and its name in the top line.
    pub const ALL: [(Self, char, &'static str); 7] = [
        (Self::Traces, '1', "Traces"),
        (Self::Trace, '2', "Trace"),
        (Self::Services, '3', "Services"),
        (Self::Map, '4', "Map"),
        (Self::Latency, '5', "Latency"),
        (Self::Errors, '6', "Errors"),
        (Self::Health, '7', "Health"),
    ];

    /// Returns the number that stands before the name.
    pub fn number(self) -> char {
        Self::ALL[self as usize].1
    }

    /// Returns the name in the top line.
    pub fn title(self) -> &'static str {
        Self::ALL[self as usize].2
    }
}

/// Where a command works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    Everywhere,
    Traces,
    /// The facets beside the list of traces.
    Facets,
    /// The scatter above the list of traces.
    Scatter,
    Trace,
    /// The operations of a trace.
    Operations,
    /// What stands out.
    Findings,
    /// Why traces differ.
    Why,
    /// The flame graph of a trace.
    Flame,
    /// The table of services.
    Services,
    /// Which errors there are.
    Errors,
    /// How well services do.
    Health,
    /// One service.
    Service,
    /// Who calls whom.
    Map,
    /// The calls of a service.
    Calls,
    /// How long things take.
    Latency,
    /// When they began and how long they took.
    Heatmap,
    /// The spans of a part of that.
    Found,
    /// The operations that time is spent in.
    Slow,
    /// A line that is typed into.
    Search,
}

impl Scope {
    /// Every scope with its name in the keymap and its title in the help.
    pub const ALL: [(Self, &'static str, &'static str); 20] = [
        (Self::Search, "search", "Search line"),
        (Self::Facets, "facets", "Facets"),
        (Self::Scatter, "scatter", "Scatter"),
        (Self::Traces, "traces", "List of traces"),
        (Self::Operations, "operations", "Operations of a trace"),
        (Self::Findings, "findings", "Findings"),
        (Self::Why, "why", "Why"),
        (Self::Flame, "flame", "Flame graph"),
        (Self::Trace, "trace", "Trace"),
        (Self::Service, "service", "One service"),
        (Self::Services, "services", "Services"),
        (Self::Calls, "calls", "Calls of a service"),
        (Self::Map, "map", "Map"),
        (Self::Heatmap, "heatmap", "Heatmap"),
        (Self::Found, "found", "Spans of the heatmap"),
        (Self::Slow, "slow", "Slow operations"),
        (Self::Latency, "latency", "Latency"),
        (Self::Errors, "errors", "Errors"),
        (Self::Health, "health", "Health"),
        (Self::Everywhere, "everywhere", "Everywhere"),
    ];

    /// Returns whose keys count where this has none of its own for them.
    pub fn parent(self) -> Option<Self> {
        match self {
            Self::Everywhere => None,
            Self::Facets | Self::Scatter => Some(Self::Traces),
            Self::Operations | Self::Flame => Some(Self::Trace),
            Self::Service => Some(Self::Services),
            Self::Calls => Some(Self::Map),
            Self::Heatmap | Self::Found | Self::Slow => Some(Self::Latency),
            Self::Traces
            | Self::Trace
            | Self::Services
            | Self::Map
            | Self::Latency
            | Self::Errors
            | Self::Health
            | Self::Findings
            | Self::Why
            | Self::Search => Some(Self::Everywhere),
        }
    }

    /// Returns this and its parents.
    pub fn chain(self) -> impl Iterator<Item = Self> {
        std::iter::successors(Some(self), |scope| scope.parent())
    }
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub command: Command,
    pub scope: Scope,
    /// The name in the keymap.
    pub name: &'static str,
    /// One line for the help.
    pub doc: &'static str,
    /// A word or two for the bottom line, for the commands that stand there.
    pub label: Option<&'static str>,
}

const fn entry(scope: Scope, command: Command, name: &'static str, doc: &'static str) -> Entry {
    Entry { command, scope, name, doc, label: None }
}

impl Entry {
    const fn shown_as(self, label: &'static str) -> Self {
        Self { label: Some(label), ..self }
    }
}

/// The table, in the order of the help; the bottom line shows as many of the labelled ones as fit.
pub const TABLE: &[Entry] = {
    use Command as C;
    use Scope::{
        Calls, Errors, Everywhere, Facets, Findings, Flame, Found, Health, Heatmap, Latency, Map, Operations, Scatter,
        Search, Service, Services, Slow, Trace, Traces, Why,
    };
    &[
        entry(Search, C::Accept, "accept", "Search for it, or take what is selected").shown_as("search"),
        entry(Search, C::Cancel, "cancel", "Go back to what was before").shown_as("cancel"),
        entry(Search, C::Complete, "complete", "Show what fits here; take what is selected").shown_as("complete"),
        entry(Search, C::Earlier, "earlier", "Go to the query before, or up in what fits").shown_as("history"),
        entry(Search, C::Later, "later", "Go to the query after, or down in what fits"),
        entry(Search, C::Explain, "explain", "Show what it means as TraceQL").shown_as("TraceQL"),
        entry(Search, C::Edit(Edit::Left), "left", "Move left"),
        entry(Search, C::Edit(Edit::Right), "right", "Move right"),
        entry(Search, C::Edit(Edit::WordLeft), "word-left", "Move left by a word"),
        entry(Search, C::Edit(Edit::WordRight), "word-right", "Move right by a word"),
        entry(Search, C::Edit(Edit::Start), "start", "Go to the beginning"),
        entry(Search, C::Edit(Edit::End), "end", "Go to the end"),
        entry(Search, C::Edit(Edit::DeleteBack), "delete-back", "Delete what is left of the cursor"),
        entry(Search, C::Edit(Edit::DeleteForward), "delete", "Delete what is under the cursor"),
        entry(Search, C::Edit(Edit::DeleteWord), "delete-word", "Delete the word left of the cursor"),
        entry(Search, C::Edit(Edit::DeleteToStart), "delete-to-start", "Delete all left of the cursor"),
        entry(Search, C::Edit(Edit::DeleteToEnd), "delete-to-end", "Delete from the cursor to the end"),
        entry(Facets, C::Include, "include", "Show only traces with this value, or no longer").shown_as("include"),
        entry(Facets, C::Exclude, "exclude", "Show no trace with this value, or again").shown_as("exclude"),
        entry(Facets, C::AddFacet, "add", "Add an attribute").shown_as("add"),
        entry(Facets, C::RemoveFacet, "remove", "Remove an attribute that was added").shown_as("remove"),
        entry(Facets, C::FocusNext, "focus-next", "Go to the list").shown_as("list"),
        entry(Facets, C::Facets, "facets", "Hide the facets").shown_as("hide"),
        entry(Scatter, C::Select, "select", "Begin or end a selection").shown_as("select"),
        entry(Scatter, C::Open, "open", "Show only the traces of the selection").shown_as("show"),
        entry(Scatter, C::Left, "left", "Move left"),
        entry(Scatter, C::Right, "right", "Move right"),
        entry(Scatter, C::FocusNext, "focus-next", "Go to the list").shown_as("list"),
        entry(Scatter, C::Scatter, "scatter", "Hide the scatter").shown_as("hide"),
        entry(Traces, C::Open, "open", "Open the selected trace").shown_as("open"),
        entry(Traces, C::Search, "search", "Search").shown_as("search"),
        entry(Traces, C::Facets, "facets", "Show the facets, or hide them").shown_as("facets"),
        entry(Traces, C::Scatter, "scatter", "Show the scatter, and go to it").shown_as("scatter"),
        entry(Traces, C::Pause, "pause", "Hold the list still, or let it go on").shown_as("pause"),
        entry(Traces, C::SortNext, "sort-next", "Sort by the next column").shown_as("sort"),
        entry(Traces, C::SortReverse, "sort-reverse", "Reverse the order").shown_as("reverse"),
        entry(Traces, C::WindowWider, "window-wider", "Look further back").shown_as("wider"),
        entry(Traces, C::WindowNarrower, "window-narrower", "Look less far back").shown_as("narrower"),
        entry(Traces, C::ErrorsOnly, "errors-only", "Show only traces with errors, or all").shown_as("errors"),
        entry(Traces, C::Follow, "follow", "Go to the top and stay there as traces arrive").shown_as("follow"),
        entry(Traces, C::FocusNext, "focus-next", "Go to the scatter or the facets"),
        entry(Traces, C::FocusPrevious, "focus-previous", "Go to the facets or the scatter"),
        entry(Traces, C::Why, "why", "Tell what sets the traces that are found apart from the others").shown_as("why"),
        entry(Traces, C::Explain, "explain", "Show what the query means as TraceQL"),
        entry(Operations, C::Open, "open", "Go to the first span of the operation").shown_as("first span"),
        entry(Operations, C::Operations, "operations", "Show the waterfall again").shown_as("waterfall"),
        entry(Operations, C::SortNext, "sort-next", "Sort by the next column").shown_as("sort"),
        entry(Operations, C::SortReverse, "sort-reverse", "Reverse the order").shown_as("reverse"),
        entry(Flame, C::Aggregate, "aggregate", "In time, by path, or by path over all traces that begin as this one")
            .shown_as("in time/by path/all traces"),
        entry(Flame, C::Flame, "flame", "Show the waterfall again").shown_as("waterfall"),
        entry(Flame, C::Open, "open", "Give the selected block the whole width").shown_as("zoom"),
        entry(Flame, C::Left, "left", "Go to the block on the left"),
        entry(Flame, C::Right, "right", "Go to the block on the right"),
        entry(Why, C::Open, "open", "List the traces that have it").shown_as("traces"),
        entry(Findings, C::Open, "open", "Go to the span that it is in").shown_as("show"),
        entry(Findings, C::Findings, "findings", "Hide the findings again").shown_as("back"),
        entry(Findings, C::SortNext, "sort-next", "Sort by the next column").shown_as("sort"),
        entry(Findings, C::SortReverse, "sort-reverse", "Reverse the order").shown_as("reverse"),
        entry(Trace, C::Open, "open", "Fold or unfold; follow a link in the detail").shown_as("fold/open"),
        entry(Trace, C::FocusNext, "focus-next", "Move between waterfall and detail").shown_as("detail"),
        entry(Trace, C::Search, "search", "Search in this trace").shown_as("search"),
        entry(Trace, C::Operations, "operations", "Show operations as a table, or the waterfall again")
            .shown_as("operations"),
        entry(Trace, C::Flame, "flame", "Show the flame graph, or the waterfall again").shown_as("flame"),
        entry(Trace, C::Findings, "findings", "Show what stands out in this trace").shown_as("findings"),
        entry(Trace, C::CriticalPath, "critical-path", "Show only what the answer waited for, or everything")
            .shown_as("critical path"),
        entry(Trace, C::NextMatch, "next-match", "Go to the next match"),
        entry(Trace, C::PreviousMatch, "previous-match", "Go to the previous match"),
        entry(Trace, C::NextError, "next-error", "Go to the next error").shown_as("next error"),
        entry(Trace, C::PreviousError, "previous-error", "Go to the previous error"),
        entry(Trace, C::ZoomIn, "zoom-in", "Zoom in on the selected span").shown_as("zoom"),
        entry(Trace, C::ZoomOut, "zoom-out", "Zoom out"),
        entry(Trace, C::ZoomSpan, "zoom-span", "Fit the time axis to the selected span").shown_as("fit span"),
        entry(Trace, C::ZoomReset, "zoom-reset", "Show the whole trace").shown_as("whole"),
        entry(Trace, C::PanLeft, "pan-left", "Move the time axis to the left"),
        entry(Trace, C::PanRight, "pan-right", "Move the time axis to the right"),
        entry(Trace, C::Fold, "fold", "Fold the span, or go to its parent"),
        entry(Trace, C::Unfold, "unfold", "Unfold the span, or go to its first child"),
        entry(Trace, C::FoldAll, "fold-all", "Fold every span").shown_as("fold all"),
        entry(Trace, C::UnfoldAll, "unfold-all", "Unfold every span").shown_as("unfold"),
        entry(Trace, C::GroupAttributes, "group-attributes", "Fold attributes by prefix, or list them all")
            .shown_as("attributes"),
        entry(Trace, C::Pause, "pause", "Hold the trace still, or let it go on").shown_as("pause"),
        entry(Service, C::Open, "open", "List the traces of the selected operation").shown_as("traces"),
        entry(Service, C::Search, "search", "Search: figures of the spans that are found").shown_as("search"),
        entry(Service, C::Pause, "pause", "Hold the figures still, or let them go on").shown_as("pause"),
        entry(Service, C::SortNext, "sort-next", "Sort operations by the next column").shown_as("sort"),
        entry(Service, C::SortReverse, "sort-reverse", "Reverse the order").shown_as("reverse"),
        entry(Services, C::Open, "open", "Open the selected service").shown_as("open"),
        entry(Services, C::Search, "search", "Search: figures of the spans that are found").shown_as("search"),
        entry(Services, C::Pause, "pause", "Hold the figures still, or let them go on").shown_as("pause"),
        entry(Services, C::SortNext, "sort-next", "Sort by the next column").shown_as("sort"),
        entry(Services, C::SortReverse, "sort-reverse", "Reverse the order").shown_as("reverse"),
        entry(Services, C::WindowWider, "window-wider", "Look further back").shown_as("wider"),
        entry(Services, C::WindowNarrower, "window-narrower", "Look less far back").shown_as("narrower"),
        entry(Services, C::Explain, "explain", "Show what the query means as TraceQL"),
        entry(Calls, C::Open, "open", "List the traces with the selected calls").shown_as("traces"),
        entry(Calls, C::SortNext, "sort-next", "Sort by the next column").shown_as("sort"),
        entry(Calls, C::SortReverse, "sort-reverse", "Reverse the order").shown_as("reverse"),
        entry(Calls, C::FocusNext, "focus-next", "Go to the map").shown_as("map"),
        entry(Errors, C::Open, "open", "List the traces of the selected group").shown_as("traces"),
        entry(Errors, C::Why, "why", "Tell what sets the traces of the selected group apart").shown_as("why"),
        entry(Errors, C::FocusNext, "focus-next", "Go to the stack trace, or to the table").shown_as("stack trace"),
        entry(Errors, C::Search, "search", "Search: errors of the spans that are found").shown_as("search"),
        entry(Errors, C::Pause, "pause", "Hold the table still, or let it go on").shown_as("pause"),
        entry(Errors, C::SortNext, "sort-next", "Sort by the next column").shown_as("sort"),
        entry(Errors, C::SortReverse, "sort-reverse", "Reverse the order").shown_as("reverse"),
        entry(Errors, C::WindowWider, "window-wider", "Look further back").shown_as("wider"),
        entry(Errors, C::WindowNarrower, "window-narrower", "Look less far back").shown_as("narrower"),
        entry(Errors, C::Explain, "explain", "Show what the query means as TraceQL"),
        entry(Map, C::Open, "open", "List the traces of what is selected").shown_as("traces"),
        entry(Map, C::Left, "left", "Go to who calls, or to the callee before in the matrix"),
        entry(Map, C::Right, "right", "Go to who is called, or to the next callee in the matrix"),
        entry(Map, C::FocusNext, "focus-next", "Go to the calls of what is selected").shown_as("calls"),
        entry(Map, C::Near, "near", "Show only what is near, ever more of it, then everything").shown_as("near"),
        entry(Map, C::Matrix, "matrix", "Show a matrix, or the picture again").shown_as("matrix"),
        entry(Map, C::Search, "search", "Search").shown_as("search"),
        entry(Map, C::Pause, "pause", "Hold the figures still, or let them go on").shown_as("pause"),
        entry(Map, C::WindowWider, "window-wider", "Look further back").shown_as("wider"),
        entry(Map, C::WindowNarrower, "window-narrower", "Look less far back").shown_as("narrower"),
        entry(Map, C::Explain, "explain", "Show what the query means as TraceQL"),
        entry(Heatmap, C::Select, "select", "Begin or end a selection").shown_as("select"),
        entry(Heatmap, C::Why, "why", "Tell what sets the traces of what is selected apart").shown_as("why"),
        entry(Heatmap, C::Open, "open", "Go to the spans of what is selected").shown_as("spans"),
        entry(Heatmap, C::Left, "left", "Move left"),
        entry(Heatmap, C::Right, "right", "Move right"),
        entry(Heatmap, C::Extend(Toward::Left), "select-left", "Select to the left"),
        entry(Heatmap, C::Extend(Toward::Right), "select-right", "Select to the right"),
        entry(Heatmap, C::Extend(Toward::Up), "select-up", "Select longer ones"),
        entry(Heatmap, C::Extend(Toward::Down), "select-down", "Select shorter ones"),
        entry(Heatmap, C::FocusNext, "focus-next", "Go to the spans"),
        entry(Heatmap, C::Slow, "slow", "Show the slow operations").shown_as("slow operations"),
        entry(Found, C::Open, "open", "Open the trace at the selected span").shown_as("open"),
        entry(Found, C::SortNext, "sort-next", "Sort by the next column").shown_as("sort"),
        entry(Found, C::SortReverse, "sort-reverse", "Reverse the order").shown_as("reverse"),
        entry(Found, C::FocusNext, "focus-next", "Go to the heatmap").shown_as("heatmap"),
        entry(Slow, C::Open, "open", "List the traces of the selected operation").shown_as("traces"),
        entry(Slow, C::SortNext, "sort-next", "Order by total, P99 or change").shown_as("order"),
        entry(Slow, C::Heatmap, "heatmap", "Go into the heatmap").shown_as("heatmap"),
        entry(Slow, C::Slow, "slow", "Show them in place of the charts, or below").shown_as("more/less"),
        entry(Slow, C::Search, "search", "Search: figures of the spans that are found").shown_as("search"),
        entry(Slow, C::Pause, "pause", "Hold the figures still, or let them go on").shown_as("pause"),
        entry(Latency, C::Heatmap, "heatmap", "Go into the heatmap").shown_as("heatmap"),
        entry(Latency, C::Slow, "slow", "Show the slow operations").shown_as("slow operations"),
        entry(Latency, C::Why, "why", "Tell what sets the traces of what is found, or selected, apart").shown_as("why"),
        entry(Latency, C::Search, "search", "Search: figures of the spans that are found").shown_as("search"),
        entry(Latency, C::Pause, "pause", "Hold the figures still, or let them go on").shown_as("pause"),
        entry(Latency, C::WindowWider, "window-wider", "Look further back").shown_as("wider"),
        entry(Latency, C::WindowNarrower, "window-narrower", "Look less far back").shown_as("narrower"),
        entry(Latency, C::FocusNext, "focus-next", "Go into the heatmap"),
        entry(Latency, C::Explain, "explain", "Show what the query means as TraceQL"),
        entry(Health, C::Open, "open", "List the traces that cost the selected service most").shown_as("traces"),
        entry(Health, C::Findings, "findings", "Show what stands out in the traces of the window").shown_as("findings"),
        entry(Health, C::Pause, "pause", "Hold the figures still, or let them go on").shown_as("pause"),
        entry(Health, C::WindowWider, "window-wider", "Look further back").shown_as("wider"),
        entry(Health, C::WindowNarrower, "window-narrower", "Look less far back").shown_as("narrower"),
        entry(Everywhere, C::Down, "down", "Move down"),
        entry(Everywhere, C::Up, "up", "Move up"),
        entry(Everywhere, C::HalfDown, "half-page-down", "Move down half a page"),
        entry(Everywhere, C::HalfUp, "half-page-up", "Move up half a page"),
        entry(Everywhere, C::PageDown, "page-down", "Move down a page"),
        entry(Everywhere, C::PageUp, "page-up", "Move up a page"),
        entry(Everywhere, C::First, "first", "Go to the first row"),
        entry(Everywhere, C::Last, "last", "Go to the last row"),
        entry(Everywhere, C::Show(Tab::Traces), "tab-traces", "Show the list of traces"),
        entry(Everywhere, C::Show(Tab::Trace), "tab-trace", "Show the trace opened last"),
        entry(Everywhere, C::Show(Tab::Services), "tab-services", "Show the services"),
        entry(Everywhere, C::Show(Tab::Map), "tab-map", "Show who calls whom"),
        entry(Everywhere, C::Show(Tab::Errors), "tab-errors", "Show which errors there are"),
        entry(Everywhere, C::Show(Tab::Latency), "tab-latency", "Show how long things take"),
        entry(Everywhere, C::Show(Tab::Health), "tab-health", "Show how well services do, and spantop itself"),
        entry(Everywhere, C::Back, "back", "Go back").shown_as("back"),
        entry(Everywhere, C::Help, "help", "Show the keys of this screen").shown_as("help"),
        entry(Everywhere, C::Redraw, "redraw", "Draw everything anew"),
        entry(Everywhere, C::Suspend, "suspend", "Stop and give the terminal to the shell (fg returns)"),
        entry(Everywhere, C::Quit, "quit", "Leave").shown_as("quit"),
    ]
};
