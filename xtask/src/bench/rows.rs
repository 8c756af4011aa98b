//! The tables of `cargo xtask bench wheels`.

use std::fmt::Write as _;

use serde::Serialize;

use super::batch::Batch;
use super::cost::Cost;
use super::large::Large;

/// The limit is asked of wheels that hold more than this, unpacked.
const LARGE: u64 = 10_000_000;

/// One wheel, by both programs.
#[derive(Debug, Serialize)]
pub struct Row {
    pub wheel: String,
    pub members: usize,
    /// The size of the file, and of what is in it.
    pub input_size: u64,
    pub unpacked_size: u64,
    /// How many libraries were taken in.
    pub grafts: usize,
    pub ours: Cost,
    pub ours_size: u64,
    /// The size of the result when the job is auditwheel's, no more.
    pub same_job_size: u64,
    pub theirs: Cost,
    pub theirs_size: u64,
    /// Wall and processor time of the least that has to be done.
    pub limit: (f64, f64),
}

#[derive(Debug, Serialize)]
pub struct Report {
    pub machine: String,
    pub date: String,
    pub rounds: u32,
    pub rows: Vec<Row>,
    pub batch: Option<Batch>,
    pub large: Option<Large>,
}

impl Row {
    fn faster(&self) -> f64 {
        self.theirs.wall / self.ours.wall
    }

    fn to_limit(&self) -> f64 {
        self.ours.wall / self.limit.0
    }

    fn size(&self) -> f64 {
        self.ours_size as f64 / self.theirs_size as f64
    }

    fn same_job(&self) -> f64 {
        self.same_job_size as f64 / self.theirs_size as f64
    }

    pub fn time_line(&self) -> String {
        format!(
            "| {} | {} | {} | {} | {} | {:.3} | {:.2} | {:.1}x | {:.3} | {:.2}x | {:.3} | {:.2} | {:.1}x |",
            self.wheel,
            self.members,
            megabytes(self.input_size),
            megabytes(self.unpacked_size),
            self.grafts,
            self.ours.wall,
            self.theirs.wall,
            self.faster(),
            self.limit.0,
            self.to_limit(),
            self.ours.cpu,
            self.theirs.cpu,
            self.theirs.cpu / self.ours.cpu,
        )
    }

    fn space_line(&self) -> String {
        format!(
            "| {} | {:.0} | {:.0} | {} | {} | {:.4} | {:.4} |",
            self.wheel,
            self.ours.memory as f64 / 1e6,
            self.theirs.memory as f64 / 1e6,
            megabytes(self.ours_size),
            megabytes(self.theirs_size),
            self.size(),
            self.same_job(),
        )
    }
}

impl Report {
    pub fn markdown(&self) -> String {
        let times = match self.rounds {
            1 => "one run each".to_owned(),
            rounds => format!("the best of {rounds} runs each"),
        };
        let mut text = format!(
            "On {}, {}; {times}. Times are seconds, sizes MB.\n\n\
            | wheel | members | MB | unpacked | grafts | wall | auditwheel | faster | limit | of the limit | CPU | auditwheel | less |\n\
            |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
            self.machine, self.date,
        );
        for row in &self.rows {
            let _ = writeln!(text, "{}", row.time_line());
        }
        text.push('\n');
        for line in self.summary() {
            let _ = writeln!(text, "- {line}");
        }
        text.push_str(
            "\n| wheel | peak memory | auditwheel | result | auditwheel | size | same job |\n\
            |---|--:|--:|--:|--:|--:|--:|\n",
        );
        for row in &self.rows {
            let _ = writeln!(text, "{}", row.space_line());
        }
        for part in [self.batch.as_ref().map(Batch::markdown), self.large.as_ref().map(Large::markdown)] {
            let _ = write!(text, "{}", part.map_or_else(String::new, |part| format!("\n{part}\n")));
        }
        text
    }

    fn summary(&self) -> Vec<String> {
        let with: Vec<&Row> = self.rows.iter().filter(|row| row.grafts > 0).collect();
        let without: Vec<&Row> = self.rows.iter().filter(|row| row.grafts == 0).collect();
        let all: Vec<&Row> = self.rows.iter().collect();
        let mut lines = Vec::new();
        for (name, rows) in
            [("with grafts", &with), ("where nothing is grafted", &without), ("over all", &all)]
        {
            let ratios = sorted(rows.iter().map(|row| row.faster()).collect());
            if let [least, ..] = ratios[..] {
                lines.push(format!(
                    "{name}: {:.1} times as fast in the median, {least:.1} times at least ({} wheels)",
                    median(&ratios),
                    ratios.len(),
                ));
            }
        }
        let worst = |rows: &[&Row], value: fn(&Row) -> f64| {
            rows.iter().map(|row| (value(row), row.wheel.clone())).max_by(|a, b| a.0.total_cmp(&b.0))
        };
        let large: Vec<&Row> = all.iter().copied().filter(|row| row.unpacked_size > LARGE).collect();
        if let Some((ratio, wheel)) = worst(&large, Row::to_limit) {
            let count = large.len();
            lines.push(format!(
                "of the limit, of {count} wheels over 10 MB unpacked: {ratio:.2} times at most (`{wheel}`)"
            ));
        }
        if let Some((ratio, wheel)) = worst(&all, Row::same_job) {
            lines.push(format!(
                "size of the result, same job: {ratio:.4} of auditwheel's at most (`{wheel}`)"
            ));
        }
        if let Some((ratio, wheel)) = worst(&all, Row::size) {
            lines
                .push(format!("size of the result, our job: {ratio:.4} of auditwheel's at most (`{wheel}`)"));
        }
        lines
    }
}

pub fn megabytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / 1e6)
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

/// Of sorted values; the mean of the two in the middle where there is no one.
fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    match sorted {
        [] => 0.0,
        _ if sorted.len().is_multiple_of(2) => (sorted[middle - 1] + sorted[middle]) / 2.0,
        _ => sorted[middle],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(wheel: &str, grafts: usize, ours: f64, theirs: f64) -> Row {
        let cost = |wall| Cost { wall, cpu: wall, memory: 20_000_000 };
        Row {
            wheel: wheel.to_owned(),
            members: 10,
            input_size: 5_000_000,
            unpacked_size: 20_000_000,
            grafts,
            ours: cost(ours),
            ours_size: 5_050_000,
            same_job_size: 4_950_000,
            theirs: cost(theirs),
            theirs_size: 5_000_000,
            limit: (0.1, 0.2),
        }
    }

    #[test]
    fn the_summary_tells_wheels_with_grafts_from_others() {
        let rows = vec![row("a", 2, 0.2, 2.0), row("b", 1, 0.1, 3.0), row("c", 0, 0.1, 6.0)];
        let report =
            Report { machine: "m".into(), date: "d".into(), rounds: 1, rows, batch: None, large: None };
        let lines = report.summary();
        assert!(lines[0].starts_with("with grafts: 20.0 times as fast in the median, 10.0 times at least"));
        assert!(lines[1].starts_with("where nothing is grafted: 60.0"));
        assert!(lines[2].starts_with("over all: 30.0"));
        assert!(lines[3].contains("2.00 times at most (`a`)"), "{}", lines[3]);
        assert!(lines[4].contains("same job: 0.9900"), "{}", lines[4]);
        assert!(lines[5].contains("our job: 1.0100"), "{}", lines[5]);
    }
}
