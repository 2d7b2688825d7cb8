//! Keys, clicks and resizes as the terminal sends them, turned into events of ours.

use std::sync::mpsc::Sender;
use std::thread;

use anyhow::Context;
use crossterm::event::{
    self, Event as Raw, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};

use super::event::{Event, Mouse, MouseAction};
use super::keymap::{Code, Key};

/// Reads on a thread of its own until the terminal or the screen is gone.
pub(super) fn spawn(events: Sender<Event>) -> anyhow::Result<()> {
    let read = move || {
        let mut open = true;
        while open {
            let read = event::read();
            open = read.is_ok();
            let event = read.map_or(Some(Event::Quit), |raw| translate(&raw));
            open &= event.is_none_or(|event| events.send(event).is_ok());
        }
    };
    thread::Builder::new().name("spantop-input".into()).spawn(read).context("cannot start the input thread")?;
    Ok(())
}

fn translate(raw: &Raw) -> Option<Event> {
    match raw {
        Raw::Key(key) if key.kind != KeyEventKind::Release => key_of(*key).map(Event::Key),
        Raw::Mouse(mouse) => mouse_of(*mouse).map(Event::Mouse),
        Raw::Paste(text) => Some(Event::Paste(text.clone())),
        Raw::Resize(width, height) => Some(Event::Resize(*width, *height)),
        _ => None,
    }
}

fn key_of(key: KeyEvent) -> Option<Key> {
    let mut shift = key.modifiers.contains(KeyModifiers::SHIFT);
    let code = match key.code {
        KeyCode::Char(c) => {
            // The character says it already, whatever the terminal reports.
            shift = false;
            Code::Char(c)
        }
        KeyCode::Enter => Code::Enter,
        KeyCode::Esc => Code::Esc,
        KeyCode::Tab => Code::Tab,
        KeyCode::BackTab => {
            shift = true;
            Code::Tab
        }
        KeyCode::Backspace => Code::Backspace,
        KeyCode::Up => Code::Up,
        KeyCode::Down => Code::Down,
        KeyCode::Left => Code::Left,
        KeyCode::Right => Code::Right,
        KeyCode::PageUp => Code::PageUp,
        KeyCode::PageDown => Code::PageDown,
        KeyCode::Home => Code::Home,
        KeyCode::End => Code::End,
        KeyCode::Insert => Code::Insert,
        KeyCode::Delete => Code::Delete,
        KeyCode::F(n) => Code::Function(n),
        _ => return None,
    };
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    Some(Key { code, ctrl, alt: key.modifiers.contains(KeyModifiers::ALT), shift })
}

fn mouse_of(mouse: MouseEvent) -> Option<Mouse> {
    let action = match mouse.kind {
        MouseEventKind::Down(MouseButton::Left) => MouseAction::Click,
        MouseEventKind::ScrollUp => MouseAction::WheelUp,
        MouseEventKind::ScrollDown => MouseAction::WheelDown,
        _ => return None,
    };
    Some(Mouse { action, x: mouse.column, y: mouse.row })
}
