//! Which threads go first where there are fewer cores than threads that want one.

/// How far a thread steps back behind those that draw and answer keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// As the system gives it.
    Usual,
    /// Receives and stores, with a screen in the same process.
    BehindScreen,
    /// Nobody waits for it, as long as it keeps up.
    Background,
}

impl Priority {
    /// Gives the calling thread this priority, on top of the one that the process was started with.
    pub fn take(self) {
        #[cfg(target_os = "linux")]
        if self.nice() > 0 {
            // Where it fails the thread is merely not as polite.
            rustix::process::nice(self.nice()).ok();
        }
    }

    /// In the system's steps. Only Linux has them for single threads; elsewhere the whole process would step back.
    #[cfg(target_os = "linux")]
    fn nice(self) -> i32 {
        match self {
            Self::Usual => 0,
            Self::BehindScreen => 5,
            Self::Background => 10,
        }
    }
}
