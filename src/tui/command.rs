//! Everything the screen can be told to do: one table that feeds the keymap, the bottom line and the help.

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
    TracesTab,
    TraceTab,
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
    ZoomIn,
    ZoomOut,
    ZoomSpan,
    ZoomReset,
    PanLeft,
    PanRight,
    GroupAttributes,
    Help,
    Redraw,
    Suspend,
    Quit,
}

/// Where a command works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    Everywhere,
    Traces,
    Trace,
}

impl Scope {
    /// Every scope with its name in the keymap and its title in the help.
    pub const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::Traces, "traces", "List of traces"),
        (Self::Trace, "trace", "Trace"),
        (Self::Everywhere, "everywhere", "Everywhere"),
    ];
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
    use Scope::{Everywhere, Trace, Traces};
    &[
        entry(Traces, C::Open, "open", "Open the selected trace").shown_as("open"),
        entry(Traces, C::Pause, "pause", "Hold the list still, or let it go on").shown_as("pause"),
        entry(Traces, C::SortNext, "sort-next", "Sort by the next column").shown_as("sort"),
        entry(Traces, C::SortReverse, "sort-reverse", "Reverse the order").shown_as("reverse"),
        entry(Traces, C::WindowWider, "window-wider", "Look further back").shown_as("wider"),
        entry(Traces, C::WindowNarrower, "window-narrower", "Look less far back").shown_as("narrower"),
        entry(Traces, C::ErrorsOnly, "errors-only", "Show only traces with errors, or all").shown_as("errors"),
        entry(Traces, C::Follow, "follow", "Go to the top and stay there as traces arrive").shown_as("follow"),
        entry(Trace, C::Open, "open", "Fold or unfold; follow a link in the detail").shown_as("fold/open"),
        entry(Trace, C::FocusNext, "focus-next", "Move between waterfall and detail").shown_as("detail"),
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
        entry(Everywhere, C::Down, "down", "Move down"),
        entry(Everywhere, C::Up, "up", "Move up"),
        entry(Everywhere, C::HalfDown, "half-page-down", "Move down half a page"),
        entry(Everywhere, C::HalfUp, "half-page-up", "Move up half a page"),
        entry(Everywhere, C::PageDown, "page-down", "Move down a page"),
        entry(Everywhere, C::PageUp, "page-up", "Move up a page"),
        entry(Everywhere, C::First, "first", "Go to the first row"),
        entry(Everywhere, C::Last, "last", "Go to the last row"),
        entry(Everywhere, C::TracesTab, "tab-traces", "Show the list of traces"),
        entry(Everywhere, C::TraceTab, "tab-trace", "Show the trace opened last"),
        entry(Everywhere, C::Back, "back", "Go back").shown_as("back"),
        entry(Everywhere, C::Help, "help", "Show the keys of this screen").shown_as("help"),
        entry(Everywhere, C::Redraw, "redraw", "Draw everything anew"),
        entry(Everywhere, C::Suspend, "suspend", "Stop and give the terminal to the shell (fg returns)"),
        entry(Everywhere, C::Quit, "quit", "Leave").shown_as("quit"),
    ]
};
