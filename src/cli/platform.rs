//! `--plat`, and what the environment says instead.

use muslrepair::musl::{AlpineRelease, MuslRelease};
use muslrepair::platform::{Arch, MuslVersion};
use muslrepair::policy::Policy;
use muslrepair::repair::PlatformChoice;
use muslrepair::wheel::PlatformTag;

use super::env::{Environment, Setting};
use super::usage::UsageError;

/// The platform of the results: the option, the platform of the environment, the policy of the environment, or what fits
/// each wheel.
pub(super) fn choose(option: Option<&str>, environment: &Environment) -> Result<PlatformChoice, UsageError> {
    let variable = environment.platform.as_ref().or(environment.policy.as_ref());
    Ok(Setting::read(option, variable, parse)?.unwrap_or_default())
}

/// What names a system instead of a tag.
fn not_a_tag(text: &str) -> Option<UsageError> {
    let number =
        text.strip_prefix("alpine").map_or(text, |rest| rest.trim_start_matches([':', '-', '_', '=']));
    let usage =
        |what: &str| UsageError::from(format!("impossible platform `{text}`: {what}, not a platform tag"));
    if let Ok(alpine) = number.parse::<AlpineRelease>() {
        return Some(
            usage("it is an Alpine release").with_hint(format!("`--plat auto --min-alpine {alpine}`")),
        );
    }
    if let Ok(musl) = number.parse::<MuslRelease>() {
        return Some(usage("it is a musl release").with_hint(format!("`--plat auto --min-musl {musl}`")));
    }
    if let Ok(arch) = text.parse::<Arch>() {
        return Some(usage("it is an architecture").with_hint(format!("`--plat musllinux_1_2_{arch}`")));
    }
    let named = ["alpine", "musl", "musllinux", "linux"];
    named
        .contains(&text)
        .then(|| usage("it is a system").with_hint("`--plat auto` or `--plat musllinux_1_2`"))
}

/// `auto`, `musllinux_1_2` for whatever architecture a wheel has, or a whole tag; the architecture may be given as docker
/// or Alpine name it.
fn parse(text: &str) -> Result<PlatformChoice, UsageError> {
    let wrong = |why: String| {
        UsageError::from(format!("impossible platform `{text}`: {why}"))
            .with_hint("`--plat auto` takes what fits each wheel")
    };
    let arch = |name: &str| -> Result<Arch, UsageError> {
        name.strip_prefix("linux/").unwrap_or(name).parse().map_err(|error| wrong(format!("{error}")))
    };
    if text == "auto" {
        return Ok(PlatformChoice::Auto);
    }
    if let Some(name) = text.strip_prefix("linux_") {
        return Ok(PlatformChoice::Tag(PlatformTag::Linux(arch(name)?.to_string())));
    }
    if text.starts_with("manylinux") {
        return Err(wrong("manylinux is for glibc, and muslrepair repairs for musl".to_owned()));
    }
    if let Some(usage) = not_a_tag(text) {
        return Err(usage);
    }
    let mut parts = text.strip_prefix("musllinux_").unwrap_or_default().splitn(3, '_');
    let mut number = || parts.next().and_then(|part| part.parse().ok());
    let (Some(major), Some(minor)) = (number(), number()) else {
        let forms = "`auto`, `musllinux_<x>_<y>`, `musllinux_<x>_<y>_<arch>` or `linux_<arch>`";
        return Err(wrong(forms.to_owned()));
    };
    let version = MuslVersion { major, minor };
    if !Policy::all().iter().any(|policy| policy.version == version) {
        let names: Vec<String> = Policy::all().iter().map(|policy| format!("`{}`", policy.name)).collect();
        return Err(wrong(format!("the policies are {}", names.join(" and "))));
    }
    match parts.next() {
        None => Ok(PlatformChoice::Policy(version)),
        // `uname -m` of a 32-bit process on a 64-bit ARM kernel, which is no architecture of a wheel.
        Some("armv8l") => {
            Ok(PlatformChoice::Tag(PlatformTag::Musllinux { version, arch: "armv8l".to_owned() }))
        }
        Some(name) => Ok(PlatformChoice::Tag(version.platform(arch(name)?))),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn docker_and_alpine_names_are_understood() {
        for (text, tag) in [
            ("musllinux_1_2_amd64", "musllinux_1_2_x86_64"),
            ("musllinux_1_2_linux/arm/v7", "musllinux_1_2_armv7l"),
            ("musllinux_1_1_arm64", "musllinux_1_1_aarch64"),
            ("musllinux_1_2_x86", "musllinux_1_2_i686"),
            ("linux_armhf", "linux_armv6l"),
            ("musllinux_1_2_armv8l", "musllinux_1_2_armv8l"),
        ] {
            assert_eq!(parse(text).unwrap(), PlatformChoice::Tag(tag.parse().unwrap()), "{text}");
        }
        assert_eq!(parse("musllinux_1_2").unwrap(), PlatformChoice::Policy(MuslVersion::V1_2));
    }

    #[test]
    fn what_is_no_platform_is_said_with_its_source() {
        for text in [
            "manylinux_2_28_x86_64",
            "musllinux_1_2_vax",
            "musllinux_x86_64",
            "any",
            "musllinux_1",
            "musllinux_1_3",
            "musllinux_1_3_x86_64",
        ] {
            let error = parse(text).unwrap_err().message;
            assert!(error.starts_with(&format!("impossible platform `{text}`: ")), "{error}");
        }
        let setting =
            |value: &str| Setting { variable: "AUDITWHEEL_PLAT".to_owned(), value: value.to_owned() };
        let environment = Environment { platform: Some(setting("manylinux1")), ..Environment::default() };
        assert!(choose(None, &environment).unwrap_err().message.ends_with("(from AUDITWHEEL_PLAT)"));
        assert!(choose(Some("auto"), &environment).is_ok());
    }
}
