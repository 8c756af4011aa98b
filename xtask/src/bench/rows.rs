//! The tables of `cargo xtask bench wheels`.

use anyhow::Result;

use super::machine_and_date;
use crate::cost::Cost;
use crate::page::{Table, megabytes};

/// The lower limit of time is measured for wheels with more content than this, in bytes.
const LARGE: u64 = 10_000_000;

/// One wheel, repaired by both programs.
#[derive(Debug)]
pub struct Row {
    pub wheel: String,
    pub members: usize,
    /// The size of the file, and of its content.
    pub input_size: u64,
    pub unpacked_size: u64,
    /// The number of grafted libraries.
    pub grafts: usize,
    pub ours: Cost,
    pub ours_size: u64,
    /// The size of the result if only auditwheel's job is done.
    pub same_job_size: u64,
    pub theirs: Cost,
    pub theirs_size: u64,
    /// Wall time of the minimum work.
    pub limit: f64,
}

impl Row {
    fn faster(&self) -> f64 {
        self.theirs.wall / self.ours.wall
    }

    fn to_limit(&self) -> f64 {
        self.ours.wall / self.limit
    }

    fn size(&self) -> f64 {
        self.ours_size as f64 / self.theirs_size as f64
    }

    fn same_job(&self) -> f64 {
        self.same_job_size as f64 / self.theirs_size as f64
    }
}

pub fn time_line(row: &Row) -> [String; 13] {
    [
        row.wheel.clone(),
        row.members.to_string(),
        megabytes(row.input_size),
        megabytes(row.unpacked_size),
        row.grafts.to_string(),
        format!("{:.3}", row.ours.wall),
        format!("{:.2}", row.theirs.wall),
        format!("{:.1}x", row.faster()),
        format!("{:.3}", row.limit),
        format!("{:.2}x", row.to_limit()),
        format!("{:.3}", row.ours.cpu),
        format!("{:.2}", row.theirs.cpu),
        format!("{:.1}x", row.theirs.cpu / row.ours.cpu),
    ]
}

pub fn markdown(rows: &[Row], rounds: u32) -> Result<String> {
    let times =
        if rounds == 1 { "one run each".to_owned() } else { format!("the best of {rounds} runs each") };
    let mut time = Table::new(
        "wheel | >members | >MB | >unpacked | >grafts | >wall | >auditwheel | >faster | >limit | >of the limit | >CPU | >auditwheel | >less",
    );
    let mut space =
        Table::new("wheel | >peak memory | >auditwheel | >result | >auditwheel | >size | >same job");
    for row in rows {
        time.row(&time_line(row));
        space.row(&[
            row.wheel.clone(),
            format!("{:.0}", row.ours.memory as f64 / 1e6),
            format!("{:.0}", row.theirs.memory as f64 / 1e6),
            megabytes(row.ours_size),
            megabytes(row.theirs_size),
            format!("{:.4}", row.size()),
            format!("{:.4}", row.same_job()),
        ]);
    }
    let lines: String = summary(rows).iter().map(|line| format!("- {line}\n")).collect();
    Ok(format!(
        "On {}; {times}. Times are seconds, sizes MB.\n\n{}\n{lines}\n{}",
        machine_and_date()?,
        time.finish(),
        space.finish()
    ))
}

/// Whether a row belongs to a kind.
type IsOfKind = fn(&Row) -> bool;

fn summary(rows: &[Row]) -> Vec<String> {
    let mut lines = Vec::new();
    let kinds: [(&str, IsOfKind); 3] = [
        ("with grafts", |row| row.grafts > 0),
        ("where nothing is grafted", |row| row.grafts == 0),
        ("over all", |_| true),
    ];
    for (name, belongs) in kinds {
        let ratios = sorted(rows.iter().filter(|row| belongs(row)).map(Row::faster).collect());
        if let [least, ..] = ratios[..] {
            lines.push(format!(
                "{name}: {:.1} times as fast in the median, {least:.1} times at least ({} wheels)",
                median(&ratios),
                ratios.len(),
            ));
        }
    }
    let mut worst = |text: &str, least: u64, value: fn(&Row) -> f64| {
        let rows: Vec<&Row> = rows.iter().filter(|row| row.unpacked_size > least).collect();
        if let Some(row) = rows.iter().max_by(|a, b| value(a).total_cmp(&value(b))) {
            let (ratio, count) = (format!("{:.4}", value(row)), rows.len().to_string());
            let text = text.replace("COUNT", &count).replace("RATIO", &ratio);
            lines.push(format!("{text} (`{}`)", row.wheel));
        }
    };
    worst("of the limit, of COUNT wheels over 10 MB unpacked: RATIO times at most", LARGE, Row::to_limit);
    worst("size of the result, same job: RATIO of auditwheel's at most", 0, Row::same_job);
    worst("size of the result, our job: RATIO of auditwheel's at most", 0, Row::size);
    lines
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

/// The median of sorted values; for an even number, the mean of the middle two.
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
            limit: 0.1,
        }
    }

    #[test]
    fn the_summary_tells_wheels_with_grafts_from_others() {
        let rows = vec![row("a", 2, 0.2, 2.0), row("b", 1, 0.1, 3.0), row("c", 0, 0.1, 6.0)];
        let lines = summary(&rows);
        assert!(lines[0].starts_with("with grafts: 20.0 times as fast in the median, 10.0 times at least"));
        assert!(lines[1].starts_with("where nothing is grafted: 60.0"));
        assert!(lines[2].starts_with("over all: 30.0"));
        assert!(lines[3].contains("2.0000 times at most (`a`)"), "{}", lines[3]);
        assert!(lines[4].contains("same job: 0.9900"), "{}", lines[4]);
        assert!(lines[5].contains("our job: 1.0100"), "{}", lines[5]);
    }
}
