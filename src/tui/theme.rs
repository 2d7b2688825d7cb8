//! Colours by meaning; the only file that names one. A view asks for `theme.error()`, never for red.

use std::sync::Arc;

use ratatui::style::{Color, Modifier, Style};

use super::service_colors::ServiceColors;
use super::settings::ThemeChoice;
use crate::analysis::HealthStatus;
use crate::query::Class;

/// An RGB colour as the terminal reports its background.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rgb(pub u8, pub u8, pub u8);

impl Rgb {
    /// Returns whether dark text reads better on it.
    pub fn is_light(self) -> bool {
        let Self(r, g, b) = self;
        u32::from(r) * 299 + u32::from(g) * 587 + u32::from(b) * 114 > 128_000
    }

    fn blend(self, over: Self, share: f32) -> Self {
        let mix = |top: u8, below: u8| (f32::from(top) * share + f32::from(below) * (1.0 - share)).round() as u8;
        Self(mix(self.0, over.0), mix(self.1, over.1), mix(self.2, over.2))
    }
}

/// What the terminal can show and is set to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TerminalColors {
    /// Its background, where it told.
    pub background: Option<Rgb>,
    /// Whether it takes 24-bit colours; otherwise they are mapped to its 256.
    pub truecolor: bool,
}

const fn hex(rgb: u32) -> Rgb {
    Rgb((rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8)
}

/// The colours of a theme for terminals with at least 256.
struct Palette {
    background: Rgb,
    text: Rgb,
    dim: Rgb,
    faint: Rgb,
    panel: Rgb,
    selected: Rgb,
    accent: Rgb,
    error: Rgb,
    warning: Rgb,
    good: Rgb,
    /// From few to many, at steps that look alike: of what went well, failed in part, and failed.
    heat: [u32; 7],
    partly_heat: [u32; 4],
    failed_heat: [u32; 5],
    services: [u32; 16],
}

/// How many steps there are from few to many.
const HEAT_LEVELS: usize = 24;

impl Palette {
    /// Returns the colours of a level: of what went well, failed in part, and failed.
    fn heat_at(&self, level: usize) -> [Rgb; 3] {
        let part = level as f32 / (HEAT_LEVELS - 1) as f32;
        [along(&self.heat, part), along(&self.partly_heat, part), along(&self.failed_heat, part)]
    }
}

/// Returns the colour so far along a row of them.
fn along(stops: &[u32], part: f32) -> Rgb {
    let place = part * (stops.len() - 1) as f32;
    let stop = |at: usize| hex(stops.get(at).or(stops.last()).copied().unwrap_or_default());
    stop(place as usize + 1).blend(stop(place as usize), place.fract())
}

const DARK: Palette = Palette {
    background: hex(0x16_18_1d),
    text: hex(0xd6_d9_e3),
    dim: hex(0x8e_94_a6),
    faint: hex(0x4b_51_60),
    panel: hex(0x22_26_30),
    selected: hex(0x2e_36_49),
    accent: hex(0x89_b4_fa),
    error: hex(0xf3_6f_8b),
    warning: hex(0xe5_b5_67),
    good: hex(0x9a_d4_84),
    heat: [0x33_30_66, 0x35_4f_93, 0x2b_75_a2, 0x25_99_97, 0x4f_bb_75, 0xad_d5_4c, 0xfd_ee_8c],
    partly_heat: [0x55_37_1c, 0x97_5b_22, 0xdd_8c_3a, 0xff_c0_74],
    failed_heat: [0x5a_20_33, 0x94_2a_46, 0xcb_3f_5e, 0xf3_6f_8b, 0xff_b9_c4],
    services: [
        0x89_b4_fa, 0x94_e2_d5, 0xa6_e3_a1, 0xf9_e2_af, 0xfa_b3_87, 0xcb_a6_f7, 0x5c_c8_e8, 0xf5_c2_e7, 0x8f_9d_f5,
        0xd5_c9_4b, 0x3f_c5_9a, 0xd8_a6_57, 0xb8_e0_4f, 0xd9_8b_db, 0x6f_9f_c0, 0xc2_b5_a3,
    ],
};

const LIGHT: Palette = Palette {
    background: hex(0xfa_fa_f7),
    text: hex(0x2b_2f_3a),
    dim: hex(0x6a_70_80),
    faint: hex(0xb8_bc_c6),
    panel: hex(0xe8_ea_ee),
    selected: hex(0xd3_de_f2),
    accent: hex(0x1f_5f_d0),
    error: hex(0xcc_1f_3f),
    warning: hex(0x9a_67_00),
    good: hex(0x2c_7d_2c),
    heat: [0xcf_e1_f0, 0xa3_cb_e5, 0x70_b0_da, 0x43_8f_c8, 0x25_6c_ae, 0x18_49_8a, 0x12_26_5c],
    partly_heat: [0xf6_da_b8, 0xec_b0_6c, 0xd4_7f_24, 0x9a_4f_06],
    failed_heat: [0xf6_cc_d0, 0xee_9b_a5, 0xdf_5c_6f, 0xc3_22_40, 0x7d_0a_28],
    services: [
        0x2f_6f_e4, 0x14_8f_94, 0x3f_9a_33, 0xb0_89_00, 0xd9_6a_1b, 0x81_44_dd, 0x0b_8f_c4, 0xd0_5f_b4, 0x5a_5f_d8,
        0x85_7c_00, 0x0a_8a_5f, 0x9c_64_15, 0x6c_9a_00, 0xa6_3a_a8, 0x44_74_9b, 0x80_70_5f,
    ],
};

const HIGH_CONTRAST: Palette = Palette {
    background: hex(0x00_00_00),
    text: hex(0xff_ff_ff),
    dim: hex(0xc8_c8_c8),
    faint: hex(0x80_80_80),
    panel: hex(0x26_26_26),
    selected: hex(0x00_3c_8a),
    accent: hex(0x6c_c4_ff),
    error: hex(0xff_5c_5c),
    warning: hex(0xff_d0_40),
    good: hex(0x5c_ff_5c),
    heat: [0x34_34_b0, 0x20_60_e0, 0x00_96_f0, 0x00_c8_c8, 0x40_e8_80, 0xc0_ff_40, 0xff_ff_a0],
    partly_heat: [0x8a_4c_00, 0xd0_78_00, 0xff_a0_20, 0xff_cc_80],
    failed_heat: [0x98_18_18, 0xd0_24_24, 0xff_40_40, 0xff_84_84, 0xff_cc_cc],
    services: [
        0x5c_a8_ff, 0x40_ff_e0, 0x60_ff_60, 0xff_ff_80, 0xff_b0_60, 0xd0_a0_ff, 0x40_d0_ff, 0xff_a0_f0, 0xa0_b0_ff,
        0xe8_e8_20, 0x20_e8_a0, 0xf0_b8_30, 0xc0_ff_30, 0xf0_80_ff, 0x90_c8_f0, 0xe0_d0_b0,
    ],
};

/// Red is for errors alone.
const SIXTEEN_SERVICES: [Color; 10] = [
    Color::Blue,
    Color::Cyan,
    Color::Green,
    Color::Yellow,
    Color::Magenta,
    Color::LightBlue,
    Color::LightCyan,
    Color::LightGreen,
    Color::LightYellow,
    Color::LightMagenta,
];

/// The styles of everything drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Theme {
    base: Style,
    dim: Style,
    faint: Style,
    panel: Style,
    selected: Style,
    selected_bar: Style,
    accent: Style,
    bar: Style,
    failed_bar: Style,
    error: Style,
    some_errors: Style,
    warning: Style,
    good: Style,
    syntax: Syntax,
    heat: Heat,
    services: Vec<Service>,
    service_colors: ServiceColors,
}

/// The styles of what is told by its density, from few to many: of what went well, failed in part, and failed.
#[derive(Clone, Debug, Default, PartialEq)]
struct Heat {
    levels: Vec<[Style; 3]>,
    /// Of what is not looked at.
    faded: Vec<[Style; 3]>,
    /// Whether the levels alone tell how many there are.
    is_ramp: bool,
}

/// How much of what stands in one place failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failed {
    /// Nothing, or so little that it would look like more than it is.
    Little,
    /// Less than half.
    Some,
    Most,
}

impl Failed {
    /// Returns how much it is when so many of all failed.
    pub fn of(errors: u64, all: u64) -> Self {
        match errors {
            0 => Self::Little,
            errors if errors.saturating_mul(2) >= all => Self::Most,
            errors if errors.saturating_mul(10) >= all => Self::Some,
            _ => Self::Little,
        }
    }
}

/// The styles of the pieces of a query.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Syntax {
    keyword: Style,
    field: Style,
    operator: Style,
    string: Style,
    number: Style,
    word: Style,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Service {
    line: Style,
    chip: Style,
}

impl Theme {
    /// Returns the theme of a choice, for what the terminal can show. Where the choice was left to us and the terminal
    /// told its background, that stays as it is and tints are mixed with it; otherwise the theme paints its own.
    pub fn new(choice: ThemeChoice, terminal: TerminalColors) -> Self {
        match choice {
            ThemeChoice::Mono => Self::mono(),
            ThemeChoice::Sixteen => Self::sixteen(),
            ThemeChoice::Dark => Self::from_palette(&DARK, None, terminal.truecolor),
            ThemeChoice::Light => Self::from_palette(&LIGHT, None, terminal.truecolor),
            ThemeChoice::HighContrast => Self::from_palette(&HIGH_CONTRAST, None, terminal.truecolor),
            ThemeChoice::Auto => {
                let light = terminal.background.is_some_and(Rgb::is_light);
                Self::from_palette(if light { &LIGHT } else { &DARK }, terminal.background, terminal.truecolor)
            }
        }
    }

    fn from_palette(palette: &Palette, own: Option<Rgb>, truecolor: bool) -> Self {
        let color = |rgb: Rgb| if truecolor { Color::Rgb(rgb.0, rgb.1, rgb.2) } else { indexed(rgb) };
        let fg = |rgb: Rgb| Style::new().fg(color(rgb));
        let below = own.unwrap_or(palette.background);
        let heat = |share: f32| {
            (0..HEAT_LEVELS).map(|level| palette.heat_at(level).map(|rgb| fg(rgb.blend(below, share)))).collect()
        };
        let tint = |rgb: Rgb, share: f32| color(rgb.blend(below, share));
        let services = palette
            .services
            .iter()
            .map(|&rgb| Service { line: fg(hex(rgb)), chip: fg(hex(rgb)).bg(tint(hex(rgb), 0.17)) });
        Self {
            base: fg(palette.text).bg(own.map_or(color(palette.background), |_| Color::Reset)),
            dim: fg(palette.dim),
            faint: fg(palette.faint),
            panel: fg(palette.text).bg(color(palette.panel)),
            selected: Style::new().bg(color(palette.selected)),
            selected_bar: Style::new().bg(color(palette.selected)),
            accent: fg(palette.accent),
            bar: Style::new().fg(tint(palette.accent, 0.5)),
            failed_bar: Style::new().fg(tint(palette.error, 0.6)),
            error: fg(palette.error),
            some_errors: fg(palette.error.blend(palette.accent, 0.5)),
            warning: fg(palette.warning),
            good: fg(palette.good),
            syntax: Syntax {
                keyword: fg(hex(palette.services[5])),
                field: fg(palette.accent),
                operator: fg(palette.dim),
                string: fg(palette.good),
                number: fg(palette.warning),
                word: fg(palette.text),
            },
            heat: Heat { levels: heat(1.0), faded: heat(0.35), is_ramp: true },
            services: services.collect(),
            service_colors: ServiceColors::default(),
        }
    }

    fn sixteen() -> Self {
        let fg = |color| Style::new().fg(color);
        Self {
            base: Style::new(),
            dim: fg(Color::Reset).add_modifier(Modifier::DIM),
            faint: fg(Color::DarkGray),
            panel: Style::new(),
            selected: reversed(),
            selected_bar: Style::new(),
            accent: fg(Color::Cyan),
            bar: fg(Color::Blue),
            failed_bar: fg(Color::Red),
            error: fg(Color::LightRed),
            some_errors: fg(Color::Magenta),
            warning: fg(Color::Yellow),
            good: fg(Color::Green),
            syntax: Syntax {
                keyword: fg(Color::Magenta),
                field: fg(Color::Cyan),
                operator: Style::new(),
                string: fg(Color::Green),
                number: fg(Color::Yellow),
                word: Style::new(),
            },
            heat: Heat {
                levels: [Color::Blue, Color::Cyan, Color::Green, Color::Yellow]
                    .map(|color| [fg(color), fg(Color::Magenta), fg(Color::LightRed)])
                    .to_vec(),
                faded: vec![[fg(Color::DarkGray), fg(Color::DarkGray), fg(Color::Red)]],
                is_ramp: false,
            },
            services: SIXTEEN_SERVICES.map(|color| Service { line: fg(color), chip: fg(color) }).to_vec(),
            service_colors: ServiceColors::default(),
        }
    }

    fn mono() -> Self {
        let plain = Style::new();
        let bold = plain.add_modifier(Modifier::BOLD);
        let dim = plain.add_modifier(Modifier::DIM);
        Self {
            base: plain,
            dim,
            faint: dim,
            panel: plain,
            selected: reversed(),
            selected_bar: plain,
            accent: bold,
            bar: plain,
            failed_bar: plain,
            error: bold,
            some_errors: plain,
            warning: bold,
            good: plain,
            syntax: Syntax { keyword: bold, field: bold, ..Syntax::default() },
            heat: Heat { levels: vec![[plain; 3]], faded: vec![[dim; 3]], is_ramp: false },
            services: vec![Service { line: plain, chip: plain }],
            service_colors: ServiceColors::default(),
        }
    }

    /// Returns the style everything is drawn on.
    pub fn base(&self) -> Style {
        self.base
    }

    /// Returns the style of what matters less.
    pub fn dim(&self) -> Style {
        self.dim
    }

    /// Returns the style of lines, grids and tracks.
    pub fn faint(&self) -> Style {
        self.faint
    }

    /// Returns the style of headings.
    pub fn strong(&self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// Returns the background of the top and bottom line and of overlays.
    pub fn panel(&self) -> Style {
        self.panel
    }

    /// Returns the style of what is chosen or active.
    pub fn accent(&self) -> Style {
        self.accent
    }

    /// Returns the style of a bar in a list, softer than the text beside it.
    pub fn bar(&self, failed: bool) -> Style {
        if failed { self.failed_bar } else { self.bar }
    }

    /// Returns the style of the active tab.
    pub fn active_tab(&self) -> Style {
        self.accent.add_modifier(Modifier::BOLD | Modifier::REVERSED)
    }

    /// Returns the style of a key in the bottom line.
    pub fn key(&self) -> Style {
        self.accent.add_modifier(Modifier::BOLD)
    }

    /// Returns the style of a mark on a bar.
    pub fn event(&self) -> Style {
        self.base.add_modifier(Modifier::BOLD)
    }

    /// Returns the style of a piece of a query.
    pub fn syntax(&self, class: Class) -> Style {
        let syntax = &self.syntax;
        match class {
            Class::Keyword | Class::Literal => syntax.keyword,
            Class::Field => syntax.field,
            Class::Operator | Class::Punctuation => syntax.operator,
            Class::Text | Class::Regex => syntax.string,
            Class::Number => syntax.number,
            Class::Word => syntax.word,
            Class::Error => self.error,
        }
    }

    /// Returns what is laid over a piece of a query that is wrong.
    pub fn problem(&self) -> Style {
        self.error.add_modifier(Modifier::UNDERLINED)
    }

    /// Returns what is laid over the character that the cursor of a line stands on.
    pub fn cursor(&self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// Returns the style of the sign beside what was searched for.
    pub fn found(&self) -> Style {
        self.warning.add_modifier(Modifier::BOLD)
    }

    /// Returns what is laid over the text of what was searched for.
    pub fn found_text(&self) -> Style {
        Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
    }

    /// Returns the style of a part that was selected.
    pub fn part(&self) -> Style {
        self.accent.add_modifier(Modifier::REVERSED)
    }

    /// Returns whether colours tell errors from the rest; otherwise a sign has to.
    pub fn has_colors(&self) -> bool {
        self.error.fg.is_some()
    }

    /// Returns the style of errors.
    pub fn error(&self) -> Style {
        self.error
    }

    /// Returns the style of what stands for many of which a minority failed: between the accent and the errors.
    pub fn some_errors(&self) -> Style {
        self.some_errors
    }

    /// Returns the style of a line that nobody may overlook.
    pub fn banner(&self) -> Style {
        self.error.add_modifier(Modifier::BOLD | Modifier::REVERSED)
    }

    /// Returns the style of what should not be overlooked.
    pub fn warning(&self) -> Style {
        self.warning
    }

    /// Returns the style of what is as it should be.
    pub fn good(&self) -> Style {
        self.good
    }

    /// Returns the style of a state of health.
    pub fn health(&self, status: Option<HealthStatus>) -> Style {
        match status {
            None => self.dim,
            Some(HealthStatus::Ok) => self.good,
            Some(HealthStatus::Warning) => self.warning,
            Some(HealthStatus::Critical) => self.error,
        }
    }

    /// Returns the style of the line of a percentile: the higher, the hotter. They are told apart by their height as well.
    pub fn percentile(&self, percent: u8) -> Style {
        match percent {
            0..=50 => self.good,
            51..=95 => self.accent,
            _ => self.warning,
        }
    }

    /// Returns whether colours alone tell of cells how much is in them; otherwise the characters have to.
    pub fn has_ramp(&self) -> bool {
        self.heat.is_ramp
    }

    /// Returns the style of a cell by how much is in it, from 0 to 1.
    pub fn heat(&self, part: f64, failed: Failed, is_faded: bool) -> Style {
        let levels = if is_faded { &self.heat.faded } else { &self.heat.levels };
        let level = (part * levels.len() as f64) as usize;
        levels.get(level).or(levels.last()).map_or(Style::new(), |styles| styles[failed as usize])
    }

    /// Returns the style of a mark that is put over a plot, whatever is below it.
    pub fn crosshair(&self) -> Style {
        Style { bg: None, ..self.base }.add_modifier(Modifier::BOLD | Modifier::REVERSED)
    }

    /// Returns what is laid over the text of the selected row.
    pub fn selected(&self) -> Style {
        self.selected
    }

    /// Returns what is laid under the bars of the selected row, which must keep their shape.
    pub fn selected_bar(&self) -> Style {
        self.selected_bar
    }

    /// Returns the style of a service's lines, bars and name: the same wherever and whenever it is shown.
    pub fn service(&self, name: &str) -> Style {
        self.service_of(name).line
    }

    /// Returns the style of a service's chip.
    pub fn chip(&self, name: &str) -> Style {
        self.service_of(name).chip
    }

    fn service_of(&self, name: &str) -> Service {
        self.services[self.service_colors.of(name, self.services.len())]
    }

    /// Gives colours to services that are about to be shown.
    pub fn learn_services<'a>(&mut self, names: impl IntoIterator<Item = &'a Arc<str>>) {
        for name in names {
            self.service_colors.learn(name, self.services.len());
        }
    }
}

/// Where there is no colour between text and background a selected row exchanges the two, and has no other colour.
fn reversed() -> Style {
    Style::new().fg(Color::Reset).bg(Color::Reset).add_modifier(Modifier::REVERSED).remove_modifier(Modifier::DIM)
}

/// Returns the nearest of the 256 colours: a cell of the 6×6×6 cube or a step of the grey ramp.
fn indexed(rgb: Rgb) -> Color {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let nearest = |v: u8| (0..6).min_by_key(|&i| STEPS[i].abs_diff(v)).unwrap_or(0);
    let distance = |other: Rgb| {
        let square = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
        square(rgb.0, other.0) + square(rgb.1, other.1) + square(rgb.2, other.2)
    };
    let (r, g, b) = (nearest(rgb.0), nearest(rgb.1), nearest(rgb.2));
    let cube = Rgb(STEPS[r], STEPS[g], STEPS[b]);
    let mean = (u32::from(rgb.0) + u32::from(rgb.1) + u32::from(rgb.2)) / 3;
    let step = (mean.saturating_sub(3) / 10).min(23) as u8;
    let grey = Rgb(8 + 10 * step, 8 + 10 * step, 8 + 10 * step);
    if distance(grey) < distance(cube) {
        Color::Indexed(232 + step)
    } else {
        Color::Indexed((16 + 36 * r + 6 * g + b) as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: TerminalColors = TerminalColors { background: None, truecolor: true };

    #[test]
    fn the_background_chooses_between_dark_and_light() {
        let on = |background| {
            Theme::new(ThemeChoice::Auto, TerminalColors { background: Some(background), truecolor: true })
        };
        assert_eq!(on(Rgb(255, 255, 255)).text_color(), Theme::new(ThemeChoice::Light, PLAIN).text_color());
        assert_eq!(on(Rgb(0, 43, 54)).text_color(), Theme::new(ThemeChoice::Dark, PLAIN).text_color());
        assert_eq!(on(Rgb(0, 43, 54)).base.bg, Some(Color::Reset));
    }

    #[test]
    fn mono_names_no_colour() {
        let theme = Theme::new(ThemeChoice::Mono, PLAIN);
        for style in [theme.base, theme.dim, theme.panel, theme.error, theme.service("a"), theme.chip("a")] {
            assert_eq!((style.fg, style.bg), (None, None));
        }
    }

    #[test]
    fn rgb_maps_to_the_nearest_of_256() {
        assert_eq!(indexed(Rgb(255, 0, 0)), Color::Indexed(196));
        assert_eq!(indexed(Rgb(18, 18, 18)), Color::Indexed(233));
        assert_eq!(indexed(Rgb(255, 255, 255)), Color::Indexed(231));
    }

    impl Theme {
        fn text_color(&self) -> Option<Color> {
            self.base.fg
        }
    }
}
