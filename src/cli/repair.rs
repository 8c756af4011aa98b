//! `repair`: what can be asked for, and what it means.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum as _};
use muslrepair::audit::AuditOptions;
use muslrepair::elf::Strip;
use muslrepair::musl::MuslRelease;
use muslrepair::repair::{RepairOptions, unusable_cache_files};
use muslrepair::resolve::{Pattern, SystemPackages};
use muslrepair::wheel::{WheelFilename, WheelPath};

use super::batch::Batch;
use super::checks::Checks;
use super::compat::OutputMode;
use super::config::{Config, StripLevel};
use super::destination::Destination;
use super::env::{Environment, Setting};
use super::excludes::Excludes;
use super::format::Format;
use super::printer::Printer;
use super::progress::Progress;
use super::published::PublishedChoice;
use super::requirements::requirements_text;
use super::search::SearchArgs;
use super::size::Size;
use super::term::{CliError, Terminal};
use super::usage::UsageError;
use super::{Exit, inputs, platform, published};

/// What is held in memory at once unless `--memory` says otherwise: 1 GiB, which the smallest build machines have.
const DEFAULT_MEMORY: u64 = 1 << 30;

/// More threads than any machine that builds wheels has cores; so many that all of them start at once.
const MOST_JOBS: i64 = 256;

#[derive(Debug, Args)]
pub(super) struct RepairArgs {
    /// Wheels, or directories of wheels
    #[arg(required = true, value_name = "WHEEL|DIR")]
    wheels: Vec<PathBuf>,
    /// Where the results go; created where it is missing
    #[arg(short, long, value_name = "DIR", default_value = "wheelhouse/")]
    wheel_dir: PathBuf,
    /// The platform tag of the result, such as musllinux_1_2_x86_64; `auto` keeps the wheel's own musllinux tag or takes
    /// the newest policy; musllinux_1_2 takes the wheel's architecture; linux_<arch> grafts and keeps the name
    /// [env: MUSLREPAIR_PLAT, AUDITWHEEL_PLAT, MUSLREPAIR_POLICY, AUDITWHEEL_POLICY]
    #[arg(long, value_name = "TAG")]
    plat: Option<String>,
    /// Published wheels (with a musllinux tag): `auto` copies those that load and fixes the others, `copy` copies all,
    /// `fix` fixes all; what is fixed gets a build tag [default: auto; fix with --plat, --include, --strip or --build-tag]
    #[arg(long, value_name = "CHOICE", help_heading = "Tags")]
    published: Option<PublishedChoice>,
    /// What is appended to the distribution's name to make the directory of grafts
    #[arg(short = 'L', long, value_name = "SUFFIX", default_value = ".libs", allow_hyphen_values = true)]
    lib_sdir: String,
    /// Leave this library to the user: a pattern for its name or its path; can be given more than once
    #[arg(long, value_name = "PATTERN")]
    exclude: Vec<Pattern>,
    /// Graft this library although nothing needs it, because only `dlopen` asks for it: a name, or a path in the root
    /// file system or else on this machine; can be given more than once
    #[arg(long, value_name = "LIB")]
    include: Vec<String>,
    /// Give the result one platform tag (always so; accepted for auditwheel's sake)
    #[arg(long)]
    only_plat: bool,
    /// Keep file name and WHEEL tags as they are
    #[arg(long)]
    no_update_tags: bool,
    /// Strip ELF files before anything else: `debug` sections only, or `all` symbols that loading does not need, which
    /// is meant without a level
    #[arg(long, value_name = "LEVEL", num_args = 0..=1, require_equals = true, default_missing_value = "all")]
    strip: Option<StripLevel>,
    /// Deflate level of what is compressed anew, 0 to 9 [default: 6]
    /// [env: MUSLREPAIR_ZIP_COMPRESSION_LEVEL, AUDITWHEEL_ZIP_COMPRESSION_LEVEL]
    #[arg(short, long, value_name = "LEVEL")]
    zip_compression_level: Option<String>,
    /// Accepted for auditwheel's sake: pure wheels are always copied
    #[arg(long)]
    allow_pure_python_wheel: bool,
    /// What patches ELF files: `builtin`, `arwen` or `none` [env: MUSLREPAIR_PATCHER, AUDITWHEEL_PATCHER]
    #[arg(long, value_name = "PATCHER")]
    patcher: Option<String>,
    /// Print what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// How plans and results are printed: `text`, or one JSON document per wheel and line on standard output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Write one JSON document about all wheels to this file, or to standard output for `-`
    #[arg(long, value_name = "FILE", value_parser = clap::value_parser!(Destination))]
    report: Option<Destination>,
    /// Write the wheels in the wheel directory to this file as `name==version --hash=sha256:...`, one per line, for
    /// `pip install --require-hashes`; `-` is standard output
    #[arg(long, value_name = "FILE", value_parser = clap::value_parser!(Destination), conflicts_with = "dry_run", help_heading = "Output")]
    requirements: Option<Destination>,
    /// How many threads work, at most 256; 0 is one per core [default: one per core]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(..=MOST_JOBS))]
    pub(super) jobs: Option<u16>,
    /// How much of the wheels to hold in memory at once, as in 512M; a larger file is handled alone
    /// [default: 1G]
    #[arg(long, value_name = "SIZE")]
    memory: Option<Size>,
    /// Keep grafts here, patched and compressed, for later calls; may be deleted at any time, and shared by several
    /// processes
    #[arg(long, value_name = "DIR")]
    cache_dir: Option<PathBuf>,
    /// Start no further wheel after one has failed
    #[arg(long)]
    fail_fast: bool,
    /// The build tag of the result
    #[arg(long, value_name = "TAG")]
    build_tag: Option<String>,
    /// Keep DT_RELR also where the tag promises a musl older than 1.2.4, which ignores it
    #[arg(long)]
    keep_relr: bool,
    /// Graft libz.so.1 too, although the policy allows to leave it to the system
    #[arg(long)]
    bundle_zlib: bool,
    /// The newest musl that the result may need: fail if it needs a newer one
    #[arg(long, value_name = "X.Y.Z")]
    min_musl: Option<MuslRelease>,
    #[command(flatten)]
    checks: Checks,
    /// Add no software bill of materials
    #[arg(long)]
    no_sbom: bool,
    /// Read the table [tool.muslrepair], or its keys at the top, from this file instead of pyproject.toml of the working
    /// directory: `exclude`, `strip`, `sbom`, `min-musl`, `published`
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    search: SearchArgs,
}

pub(super) fn run(
    arguments: &RepairArgs,
    environment: &Environment,
    terminal: &Terminal,
) -> Result<Exit, CliError> {
    let batch = batch(arguments, environment, terminal)?;
    let mut batch = Batch { packages: SystemPackages::read(arguments.search.sysroot())?, ..batch };
    let missing = missing(&arguments.wheel_dir);
    if !arguments.dry_run {
        std::fs::create_dir_all(&arguments.wheel_dir).map_err(|error| {
            CliError::Failure(format!("cannot create `{}`: {error}", arguments.wheel_dir.display()))
        })?;
    }
    // Only now, so that a call that is refused leaves no directory behind.
    batch.options.cache_dir =
        arguments.cache_dir.as_deref().and_then(|directory| usable(directory, arguments, terminal));
    let printer = Printer::new(&batch, arguments.format, arguments.report.is_some(), *terminal);
    batch.run(|index, outcome| printer.done(index, outcome));
    let (exit, documents) = printer.finish();
    // Where nothing was written, nothing is left behind: a directory that holds something is not removed.
    let _ = missing.iter().try_for_each(std::fs::remove_dir);
    let exit = match &arguments.report {
        Some(destination) => terminal.at_the_end(exit, destination.write_report(documents, terminal)),
        None => exit,
    };
    Ok(match &arguments.requirements {
        Some(destination) if arguments.wheel_dir.exists() => {
            let written =
                requirements_text(&arguments.wheel_dir).and_then(|text| destination.write(&text, terminal));
            terminal.at_the_end(exit, written)
        }
        _ => exit,
    })
}

/// The directory and those above it that are not there, the innermost first.
fn missing(directory: &Path) -> Vec<PathBuf> {
    let above = directory.ancestors().filter(|above| !above.as_os_str().is_empty());
    above.take_while(|above| !above.exists()).map(Path::to_owned).collect()
}

/// The wheels, none of which is what was meant as the level of `--strip`.
fn wheels(arguments: &RepairArgs) -> Result<Vec<PathBuf>, UsageError> {
    let level = arguments.wheels.iter().filter_map(|path| path.to_str());
    let level =
        level.filter(|text| StripLevel::from_str(text, false).is_ok()).find(|_| arguments.strip.is_some());
    inputs::wheels(&arguments.wheels).map_err(|usage| match level {
        Some(level) => usage.with_hint(format!("the level of `--strip` follows a `=`: `--strip={level}`")),
        None => usage,
    })
}

/// What is typed, with the environment and the configuration taken into account.
fn batch(
    arguments: &RepairArgs,
    environment: &Environment,
    terminal: &Terminal,
) -> Result<Batch, UsageError> {
    let wheels = wheels(arguments)?;
    let config = Config::read(arguments.config.as_deref())?;
    if let Some(report) = &arguments.report {
        let taken = arguments.dry_run || arguments.format == Format::Json;
        report.check(
            "--report",
            taken.then_some("plans or documents"),
            wheels.iter().map(PathBuf::as_path),
        )?;
    }
    if let Some(requirements) = &arguments.requirements {
        let taken = arguments.format == Format::Json || arguments.report == Some(Destination::Output);
        requirements.check(
            "--requirements",
            taken.then_some("documents"),
            wheels.iter().map(PathBuf::as_path),
        )?;
    }
    if let Some(setting) = &environment.arch {
        terminal.debug(&format!("{} is not used: the ELF files say what a wheel is for", setting.variable));
    }
    let mut limits = arguments.search.limits();
    let Size(memory) = arguments.memory.unwrap_or(Size(DEFAULT_MEMORY));
    // As many wheels as there are threads are worked on at once, each with its share.
    let at_once = wheels.len().min(rayon::current_num_threads()).max(1);
    limits.in_flight = (memory / u64::try_from(at_once).unwrap_or(u64::MAX)).max(1);
    let excludes = Excludes::new(&arguments.exclude, &config)?;
    Ok(Batch {
        options: options(arguments, environment, &config, terminal)?,
        resolver: arguments.search.resolver(environment, excludes.patterns(), arguments.bundle_zlib)?,
        excludes,
        audit_options: AuditOptions {
            tolerate_forbidden_symbols: arguments.bundle_zlib,
            include: arguments.include.clone(),
            allow: arguments.checks.allowed(),
            system: arguments.search.system(),
            ..AuditOptions::default()
        },
        packages: SystemPackages::default(),
        limits,
        directory: arguments.wheel_dir.clone(),
        dry_run: arguments.dry_run,
        fail_fast: arguments.fail_fast,
        copy_pure: terminal.mode() == OutputMode::Own || arguments.allow_pure_python_wheel,
        mode: terminal.mode(),
        progress: Progress::new(wheels.len(), environment, *terminal).map(std::sync::Arc::new),
        wheels,
    })
}

fn options(
    arguments: &RepairArgs,
    environment: &Environment,
    config: &Config,
    terminal: &Terminal,
) -> Result<RepairOptions, UsageError> {
    let compression = Setting::read(
        arguments.zip_compression_level.as_deref(),
        environment.compression.as_ref(),
        |text| {
            let level = text.parse().ok().filter(|level| *level <= 9);
            level.ok_or_else(|| format!("`{text}` is no compression level: 0 to 9").into())
        },
    )?;
    let patcher = Setting::read(arguments.patcher.as_deref(), environment.patcher.as_ref(), |name| {
        if name.ends_with("patchelf") {
            terminal.debug(&format!("the builtin patcher does what `{name}` is asked for"));
        }
        name.parse().map_err(|error| format!("{error}").into())
    })?;
    let source_date_epoch = match &environment.source_date_epoch {
        None => None,
        Some(text) => Some(
            text.parse().map_err(|_| format!("SOURCE_DATE_EPOCH is not a number of seconds: `{text}`"))?,
        ),
    };
    Ok(RepairOptions {
        platform: platform::choose(arguments.plat.as_deref(), environment)?,
        published: published::choose(
            arguments.published.or(config.published),
            arguments.plat.as_deref(),
            terminal.mode(),
        ),
        libs_suffix: suffix(&arguments.lib_sdir)?,
        update_tags: !arguments.no_update_tags,
        strip: arguments.strip.or(config.strip()).map(|level| match level {
            StripLevel::Debug => Strip::Debug,
            StripLevel::All => Strip::All,
        }),
        compression: compression.unwrap_or(RepairOptions::default().compression),
        keep_relr: arguments.keep_relr,
        min_musl: arguments.min_musl.or(config.min_musl()?),
        build_tag: arguments.build_tag.as_deref().map(build_tag).transpose()?,
        sbom: !arguments.no_sbom && config.sbom != Some(false),
        patcher: patcher.unwrap_or_default(),
        source_date_epoch,
        cache_dir: None,
    })
}

/// `--lib-sdir`, which has to make the name of a directory of what any distribution is named.
fn suffix(text: &str) -> Result<String, UsageError> {
    let name = format!("name{text}");
    match name.parse::<WheelPath>() {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => {
            Err(format!("`--lib-sdir {text}` makes no directory of a wheel: {}", error.rule).into())
        }
    }
}

/// `--build-tag`, which has to fit any file name.
pub(super) fn build_tag(text: &str) -> Result<String, UsageError> {
    let any: Result<WheelFilename, _> = "name-1-py3-none-any.whl".parse();
    match any.and_then(|name| name.with_build(Some(text))) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!("`--build-tag {text}`: {}", error.rule).into()),
    }
}

/// `--cache-dir`, if files can be kept there. A cache saves time, and nothing else hangs on it.
fn usable(directory: &Path, arguments: &RepairArgs, terminal: &Terminal) -> Option<PathBuf> {
    if arguments.dry_run {
        return None;
    }
    let tried = std::fs::create_dir_all(directory).and_then(|()| tempfile::tempfile_in(directory));
    match tried {
        Ok(_) => {
            warn_of_strange_files(directory, terminal);
            Some(directory.to_owned())
        }
        Err(error) => {
            let (shown, why) = (directory.display(), std::io::Error::from(error.kind()));
            terminal.warning(&format!("`--cache-dir {shown}` cannot be used and is left out: {why}"));
            None
        }
    }
}

/// Says what of a cache is not used.
fn warn_of_strange_files(directory: &Path, terminal: &Terminal) {
    let strange = unusable_cache_files(directory);
    let Some((path, why)) = strange.first() else { return };
    let (first, directory) = (path.display(), directory.display());
    let others = match strange.len() - 1 {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    terminal.warning(&format!("not used of `--cache-dir {directory}`: `{first}` ({why}){others}"));
}
