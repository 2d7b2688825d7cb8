//! The screen in a real terminal: what it shows there, and that the terminal is given back however it ends.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, ExitStatus};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Termios, Winsize, tcgetattr, tcsetwinsize};

use crate::support::program;

/// `spantop` in a terminal of 80×24.
struct Screen {
    child: Child,
    terminal: File,
    /// The side of the terminal that the program has; open as long as this is, so that its settings can be asked.
    program_side: File,
    output: Receiver<Vec<u8>>,
    shown: Vec<u8>,
    before: Termios,
}

/// A screen that shows nothing for this long has failed.
const PATIENCE: Duration = Duration::from_secs(30);

impl Screen {
    fn open() -> Self {
        let controller: OwnedFd = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&controller).unwrap();
        unlockpt(&controller).unwrap();
        let path = ptsname(&controller, Vec::new()).unwrap().into_string().unwrap();
        let program_side = File::options().read(true).write(true).open(path).unwrap();
        tcsetwinsize(&program_side, Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let before = tcgetattr(&program_side).unwrap();
        let side = || program_side.try_clone().unwrap();
        let child = program()
            .args(["--grpc", "localhost:0", "--http", "localhost:0", "--api", "off", "--theme", "dark"])
            .env("TERM", "xterm-256color")
            .stdin(side())
            .stdout(side())
            .stderr(side())
            .spawn()
            .unwrap();
        let terminal = File::from(controller);
        let output = read(terminal.try_clone().unwrap());
        let mut screen = Self { child, terminal, program_side, output, shown: Vec::new(), before };
        screen.until("No traces yet");
        screen
    }

    /// Reads until a text was shown.
    fn until(&mut self, text: &str) {
        while !String::from_utf8_lossy(&self.shown).contains(text) {
            let more = self.output.recv_timeout(PATIENCE);
            self.shown.extend(more.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&self.shown))));
        }
    }

    fn signal(&self, name: &str) {
        let kill = std::process::Command::new("kill").args([name, &self.child.id().to_string()]).status();
        assert!(kill.unwrap().success());
    }

    /// Waits for the end, and checks that the terminal is as it was.
    fn end(mut self) -> ExitStatus {
        self.until("\x1b[?1049l");
        let status = self.child.wait().unwrap();
        let text = String::from_utf8_lossy(&self.shown).into_owned();
        for (taken, given_back) in [
            ("\x1b[?1049h", "\x1b[?1049l"),
            ("\x1b[?25l", "\x1b[?25h"),
            ("\x1b[?1000h", "\x1b[?1000l"),
            ("\x1b[?2004h", "\x1b[?2004l"),
        ] {
            assert!(text.rfind(given_back) > text.rfind(taken), "{given_back:?} comes after {taken:?}");
        }
        let after = tcgetattr(&self.program_side).unwrap();
        assert_eq!(format!("{after:?}"), format!("{:?}", self.before));
        status
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Reads on a thread of its own, since a terminal has no time limit.
fn read(mut terminal: File) -> Receiver<Vec<u8>> {
    let (sender, output) = channel();
    std::thread::spawn(move || {
        let mut buffer = vec![0; 65_536];
        while let Ok(len @ 1..) = terminal.read(&mut buffer) {
            if sender.send(buffer[..len].to_vec()).is_err() {
                return;
            }
        }
    });
    output
}

#[test]
fn the_screen_opens_shows_its_keys_and_leaves() {
    let mut screen = Screen::open();
    screen.terminal.write_all(b"?").unwrap();
    screen.until(" Keys ");
    screen.terminal.write_all(b"\x03").unwrap();
    assert_eq!(screen.end().code(), Some(0));
}

#[test]
fn the_terminal_is_given_back_when_a_signal_ends_the_screen() {
    for name in ["-TERM", "-HUP", "-INT", "-QUIT"] {
        let screen = Screen::open();
        screen.signal(name);
        assert!(screen.end().code().is_some(), "{name} is handled");
    }
}

#[test]
fn without_a_terminal_the_screen_says_what_to_do() {
    let output = crate::support::run(&["--grpc", "localhost:0", "--http", "localhost:0", "--api", "localhost:0"]);
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("is standard output one?") && message.contains("spantop serve"), "{message}");
}
