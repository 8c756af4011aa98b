//! One line on a terminal that says how far a long run is. Nothing anywhere else.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use muslrepair::{Event, Line, Observer, report};

use super::env::Environment;
use super::progress_line::{DRAWN, clear};
use super::term::Terminal;

/// Short runs say nothing: half a second is what passes for at once.
const PATIENCE: Duration = Duration::from_millis(500);

/// Ten pictures a second look alive and cost nothing.
const PAUSE: Duration = Duration::from_millis(100);

/// What fits on the narrowest terminal that is usual, less one column in which the cursor stays.
const WIDTH: usize = 79;

/// Watches wheels and draws the line.
#[derive(Debug)]
pub(super) struct Progress {
    wheels: usize,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    started: Instant,
    last: Instant,
    finished: usize,
    /// The wheels that are worked on, by name.
    under_way: BTreeMap<String, Work>,
}

/// How far one wheel is.
#[derive(Clone, Copy, Debug, Default)]
struct Work {
    verb: &'static str,
    files: (usize, usize),
    bytes: (u64, u64),
}

impl Progress {
    /// Where there is a terminal to draw on and somebody who wants to see it.
    pub(super) fn new(wheels: usize, environment: &Environment, terminal: Terminal) -> Option<Self> {
        if !environment.drawing_terminal || terminal.is_quiet() || !std::io::stderr().is_terminal() {
            return None;
        }
        let now = Instant::now();
        let state = State { started: now, last: now, finished: 0, under_way: BTreeMap::new() };
        Some(Self { wheels, state: Mutex::new(state) })
    }

    /// A wheel is done with, well or not.
    pub(super) fn finished(&self, wheel: &str) {
        let mut state = self.lock();
        state.finished += 1;
        state.under_way.remove(wheel);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn draw(&self, state: &mut State) {
        let now = Instant::now();
        if now.duration_since(state.started) < PATIENCE || now.duration_since(state.last) < PAUSE {
            return;
        }
        state.last = now;
        let text: String = self.text(state).chars().take(WIDTH).collect();
        let mut drawn = DRAWN.lock().unwrap_or_else(PoisonError::into_inner);
        let mut error = std::io::stderr().lock();
        // The whole line in one write, so that it is never seen half.
        let written = error.write_all(format!("\r\x1b[2K{text}").as_bytes());
        *drawn = written.and_then(|()| error.flush()).is_ok();
    }

    fn text(&self, state: &State) -> String {
        let mut text = String::new();
        if self.wheels > 1 {
            let _ = write!(text, "[{}/{}] ", state.finished, self.wheels);
        }
        // Of those that are under way, the largest is what takes the time.
        let busy = state.under_way.iter().filter(|(_, work)| work.files.0 < work.files.1);
        let Some((name, work)) = busy.max_by_key(|(_, work)| work.bytes.1) else { return text };
        let _ = write!(text, "{} {}/{} files", work.verb, work.files.0, work.files.1);
        let (done, all) = (report::human_size(work.bytes.0), report::human_size(work.bytes.1));
        let _ = write!(text, ", {done} of {all}: {}", Line(name));
        text
    }
}

impl Observer for Progress {
    fn event(&self, wheel: &str, event: Event) {
        let mut state = self.lock();
        let work = state.under_way.entry(wheel.to_owned()).or_default();
        match event {
            Event::Reading { files, bytes } => {
                *work = Work { verb: "reading", files: (0, files), bytes: (0, bytes) };
            }
            Event::Writing { files, bytes } => {
                *work = Work { verb: "writing", files: (0, files), bytes: (0, bytes) };
            }
            Event::Read { bytes } | Event::Wrote { bytes } => {
                work.files.0 += 1;
                work.bytes.0 = work.bytes.0.saturating_add(bytes);
            }
            _ => {}
        }
        self.draw(&mut state);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        clear();
    }
}
