//! One line on a terminal that says how far a long run is. Nothing anywhere else.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use muslrepair::{Event, Line, Observer, report};

use super::env::Environment;
use super::progress_line;
use super::term::Terminal;

/// Short runs say nothing: half a second is what passes for at once.
const PATIENCE: Duration = Duration::from_millis(500);

/// Ten pictures a second look alive and cost little. Each takes the width that the terminal has then.
const PAUSE: Duration = Duration::from_millis(100);

/// Watches wheels and draws the line.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    started: Instant,
    drawn: bool,
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
        let bar = ProgressBar::with_draw_target(
            Some(u64::try_from(wheels).unwrap_or(u64::MAX)),
            ProgressDrawTarget::hidden(),
        );
        // A template that is a constant is right, or the bar keeps the style it has.
        let template = if wheels > 1 { "{pos}/{len} wheels  {wide_msg}" } else { "{wide_msg}" };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        let state = State { started: Instant::now(), drawn: false, under_way: BTreeMap::new() };
        Some(Self { bar, state: Mutex::new(state) })
    }

    /// A wheel is done with, well or not.
    pub(super) fn finished(&self, wheel: &str) {
        self.bar.inc(1);
        self.lock().under_way.remove(wheel);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn draw(&self, state: &mut State) {
        if state.started.elapsed() < PATIENCE {
            return;
        }
        self.bar.set_message(message(state));
        if !std::mem::replace(&mut state.drawn, true) {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
            self.bar.enable_steady_tick(PAUSE);
            progress_line::show(self.bar.clone());
        }
    }
}

/// What is done now: of the wheels under way, the largest takes the time.
fn message(state: &State) -> String {
    let busy = state.under_way.iter().filter(|(_, work)| work.files.0 < work.files.1);
    let Some((name, work)) = busy.max_by_key(|(_, work)| work.bytes.1) else { return String::new() };
    let (done, all) = (report::human_size(work.bytes.0), report::human_size(work.bytes.1));
    format!("{} {done} of {all}: {}", work.verb, Line(name))
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
        progress_line::finish();
    }
}
