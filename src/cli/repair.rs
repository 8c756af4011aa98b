//! `repair`: what can be asked for, and what it means.

use std::path::{Path, PathBuf};

use clap::Args;
use muslrepair::elf::Strip;
use muslrepair::musl::Release;
use muslrepair::policy::{AuditOptions, Code};
use muslrepair::repair::{Patcher, RepairOptions};
use muslrepair::resolve::{ApkDatabase, Pattern};

use super::batch::Batch;
use super::compat::Voice;
use super::config::{Config, StripLevel};
use super::env::Environment;
use super::printer::Printer;
use super::progress::Progress;
use super::search::SearchArgs;
use super::show::Format;
use super::size::Size;
use super::term::{Stop, Terminal};
use super::{Exit, inputs, platform};

/// What is held in memory at once unless `--memory` says otherwise: 1 GiB, which the smallest build machines have.
const DEFAULT_MEMORY: u64 = 1 << 30;

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
    /// What is appended to the distribution's name to make the directory of grafts
    #[arg(short = 'L', long, value_name = "SUFFIX", default_value = ".libs", allow_hyphen_values = true)]
    lib_sdir: String,
    /// Leave this library to the user: a pattern for its name or its path; can be given more than once
    #[arg(long, value_name = "PATTERN")]
    exclude: Vec<Pattern>,
    /// Graft this library although nothing needs it, because only `dlopen` asks for it: a name or a path; can be given
    /// more than once
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
    /// Do not ask whether the code needs more of the processor than the tag promises
    #[arg(long)]
    disable_isa_ext_check: bool,
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
    /// Write one JSON document about all wheels to this file
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// How many threads work [default: one per core]
    #[arg(short, long, value_name = "N")]
    jobs: Option<usize>,
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
    /// Fail if the result needs a newer musl than this
    #[arg(long, value_name = "X.Y.Z")]
    min_musl: Option<Release>,
    /// Do not report this finding, by its code (`verify --help` lists them); can be given more than once
    #[arg(long, value_name = "CODE")]
    allow: Vec<Code>,
    /// Add no software bill of materials
    #[arg(long)]
    no_sbom: bool,
    /// Read settings from this file instead of [tool.muslrepair] in pyproject.toml of the working directory
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    search: SearchArgs,
}

pub(super) fn run(
    arguments: &RepairArgs,
    environment: &Environment,
    terminal: &Terminal,
) -> Result<Exit, Stop> {
    let batch = batch(arguments, environment, terminal).map_err(Stop::Usage)?;
    let batch = Batch { packages: ApkDatabase::read(&arguments.search.sysroot())?, ..batch };
    if !arguments.dry_run
        && let Err(error) = std::fs::create_dir_all(&arguments.wheel_dir)
    {
        terminal.error(&format!("cannot create `{}`: {error}", arguments.wheel_dir.display()));
        return Ok(Exit::Failure);
    }
    let printer = Printer::new(&batch, arguments.format, arguments.report.is_some(), *terminal);
    batch.run(&printer);
    let (exit, documents) = printer.finish()?;
    let written = arguments.report.as_deref().map_or(Ok(()), |path| write_report(path, documents));
    match written {
        Ok(()) => Ok(exit),
        Err(message) => {
            terminal.error(&message);
            Ok(exit.max(Exit::Failure))
        }
    }
}

/// What is typed, with the environment and the configuration taken into account. The error is a complete message.
fn batch(arguments: &RepairArgs, environment: &Environment, terminal: &Terminal) -> Result<Batch, String> {
    let wheels = inputs::wheels(&arguments.wheels)?;
    let config = Config::read(arguments.config.as_deref())?;
    if let Some(setting) = &environment.arch {
        terminal.detail(&format!("{} is not used: the ELF files say what a wheel is for", setting.variable));
    }
    let mut pool = rayon::ThreadPoolBuilder::new();
    if let Some(jobs) = arguments.jobs {
        pool = pool.num_threads(jobs);
    }
    let pool = pool.build().map_err(|error| format!("cannot start threads: {error}"))?;
    let mut limits = arguments.search.limits();
    let Size(memory) = arguments.memory.unwrap_or(Size(DEFAULT_MEMORY));
    // As many wheels as there are threads are worked on at once, each with its share.
    let at_once = wheels.len().min(pool.current_num_threads()).max(1);
    limits.in_flight = (memory / u64::try_from(at_once).unwrap_or(u64::MAX)).max(1);
    let mut exclude = arguments.exclude.clone();
    exclude.extend(config.exclude()?);
    Ok(Batch {
        options: options(arguments, environment, &config, terminal)?,
        resolver: arguments.search.resolver(environment, exclude, arguments.bundle_zlib),
        audit_options: AuditOptions {
            tolerate_forbidden_symbols: arguments.bundle_zlib,
            allow: arguments.allow.clone(),
        },
        packages: None,
        include: arguments.include.clone(),
        limits,
        pool,
        directory: arguments.wheel_dir.clone(),
        dry_run: arguments.dry_run,
        fail_fast: arguments.fail_fast,
        copy_pure: terminal.voice() == Voice::Own || arguments.allow_pure_python_wheel,
        voice: terminal.voice(),
        progress: Progress::new(wheels.len(), environment, *terminal).map(std::sync::Arc::new),
        wheels,
    })
}

fn options(
    arguments: &RepairArgs,
    environment: &Environment,
    config: &Config,
    terminal: &Terminal,
) -> Result<RepairOptions, String> {
    let compression = match arguments.zip_compression_level.as_ref().or(environment.compression.as_ref()) {
        None => RepairOptions::default().compression,
        Some(text) => (text.parse().ok().filter(|level| *level <= 9))
            .ok_or_else(|| format!("`{text}` is no compression level: 0 to 9"))?,
    };
    let patcher = match arguments.patcher.as_ref().or(environment.patcher.as_ref()) {
        None => Patcher::default(),
        Some(name) => {
            if name.ends_with("patchelf") {
                terminal.detail(&format!("the builtin patcher does what `{name}` is asked for"));
            }
            name.parse().map_err(|error| format!("{error}"))?
        }
    };
    let source_date_epoch = match &environment.source_date_epoch {
        None => None,
        Some(text) => Some(
            text.parse().map_err(|_| format!("SOURCE_DATE_EPOCH is not a number of seconds: `{text}`"))?,
        ),
    };
    Ok(RepairOptions {
        platform: platform::choose(arguments.plat.as_deref(), environment)?,
        libs_suffix: arguments.lib_sdir.clone(),
        update_tags: !arguments.no_update_tags,
        strip: arguments.strip.or(config.strip()).map(|level| match level {
            StripLevel::Debug => Strip::Debug,
            StripLevel::All => Strip::All,
        }),
        compression,
        keep_relr: arguments.keep_relr,
        min_musl: arguments.min_musl.or(config.min_musl()?),
        check_isa: !arguments.disable_isa_ext_check,
        build_tag: arguments.build_tag.clone(),
        sbom: !arguments.no_sbom && config.sbom != Some(false),
        patcher,
        source_date_epoch,
        cache_dir: arguments.cache_dir.clone(),
    })
}

/// `--report`: whole or not at all, like everything that is written.
fn write_report(path: &Path, documents: Vec<serde_json::Value>) -> Result<(), String> {
    let report = muslrepair::report::report_document(documents);
    let failed = |error: std::io::Error| format!("cannot write `{}`: {error}", path.display());
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(directory).map_err(failed)?;
    let mut text = muslrepair::report::json_indented(&report).map_err(|error| failed(error.into()))?;
    text.push('\n');
    let mut builder = tempfile::Builder::new();
    builder.prefix(".muslrepair-").suffix(".part");
    // The usual permissions of new files, which the umask cuts down.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(directory).map_err(failed)?;
    std::io::Write::write_all(&mut file, text.as_bytes()).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}
