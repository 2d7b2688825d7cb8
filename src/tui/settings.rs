//! What a user may choose about the screen, in plain types; the command line fills them in from the configuration.

use super::search::history::History;
use crate::model::Timestamp;
use crate::source::Window;

/// How the screen looks and begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub theme: ThemeChoice,
    /// Draws with ASCII characters only, for fonts and terminals without block and line characters.
    pub ascii: bool,
    /// Draws without colour; what `NO_COLOR` asks for.
    pub no_color: bool,
    /// The window of time the list of traces begins with.
    pub window: TimeWindow,
    /// Frames a second at most for what comes in, 1 to 60; keys do not wait for them.
    pub fps: u16,
    /// Whether clicks and the wheel are ours; otherwise the terminal selects text with them.
    pub mouse: bool,
    /// What was searched for before, and the searches that have a name.
    pub history: History,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: ThemeChoice::Auto,
            ascii: false,
            no_color: false,
            window: TimeWindow::Minutes15,
            fps: 30,
            mouse: true,
            history: History::default(),
        }
    }
}

/// Which colours; `Auto` asks the terminal for its background and takes dark or light.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThemeChoice {
    #[default]
    Auto,
    Dark,
    Light,
    HighContrast,
    Sixteen,
    Mono,
}

impl ThemeChoice {
    /// Every choice with its name in the configuration.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::Auto, "auto"),
        (Self::Dark, "dark"),
        (Self::Light, "light"),
        (Self::HighContrast, "high-contrast"),
        (Self::Sixteen, "16"),
        (Self::Mono, "mono"),
    ];

    /// Returns the choice of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(choice, _)| *choice)
    }
}

/// How far back the list of traces looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeWindow {
    Minute1,
    Minutes5,
    #[default]
    Minutes15,
    Hour1,
    Hours6,
    Hours24,
    All,
}

impl TimeWindow {
    /// Every window from the narrowest on, with its name on screens and in the configuration.
    pub const ALL: [(Self, &'static str); 7] = [
        (Self::Minute1, "1m"),
        (Self::Minutes5, "5m"),
        (Self::Minutes15, "15m"),
        (Self::Hour1, "1h"),
        (Self::Hours6, "6h"),
        (Self::Hours24, "24h"),
        (Self::All, "all"),
    ];

    /// Returns the window of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(window, _)| *window)
    }

    /// Returns the name on screens and in the configuration.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// Returns the narrowest window of at least this duration.
    pub fn covering(duration: std::time::Duration) -> Self {
        let covers = |window: &Self| window.seconds().is_none_or(|seconds| seconds >= duration.as_secs());
        Self::ALL.iter().map(|(window, _)| *window).find(covers).unwrap_or(Self::All)
    }

    /// Returns the next wider window, the same for the widest.
    #[must_use]
    pub fn wider(self) -> Self {
        Self::ALL[(self as usize + 1).min(Self::ALL.len() - 1)].0
    }

    /// Returns the next narrower window, the same for the narrowest.
    #[must_use]
    pub fn narrower(self) -> Self {
        Self::ALL[(self as usize).saturating_sub(1)].0
    }

    fn seconds(self) -> Option<u64> {
        [Some(60), Some(300), Some(900), Some(3_600), Some(21_600), Some(86_400), None][self as usize]
    }

    /// Returns the stretch of time that ends now. Its beginning moves in small steps, not with every tick, so that an
    /// idle screen does not ask the same question each second.
    pub fn until(self, now: Timestamp) -> Window {
        const SECOND: u64 = 1_000_000_000;
        let from = self.seconds().map(|seconds| {
            let step = (seconds / 60).max(1) * SECOND;
            let from = now.minus(seconds * SECOND);
            Timestamp(from.0 - from.0 % step)
        });
        Window { from, to: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for (window, name) in TimeWindow::ALL {
            assert_eq!((window.name(), TimeWindow::from_name(name)), (name, Some(window)));
        }
        for (choice, name) in ThemeChoice::ALL {
            assert_eq!(ThemeChoice::from_name(name), Some(choice));
        }
        assert_eq!(TimeWindow::from_name("2m"), None);
    }

    #[test]
    fn windows_widen_to_all_and_narrow_to_a_minute() {
        assert_eq!(TimeWindow::Hours24.wider(), TimeWindow::All);
        assert_eq!(TimeWindow::All.wider(), TimeWindow::All);
        assert_eq!(TimeWindow::Minute1.narrower(), TimeWindow::Minute1);
        assert_eq!(TimeWindow::All.until(Timestamp(5)), Window::default());
        let window = TimeWindow::Minute1.until(Timestamp(100_500_000_000));
        assert_eq!(window.from, Some(Timestamp(40_000_000_000)));
    }
}
