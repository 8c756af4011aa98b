//! Reading Dockerfiles: as much of them as the recipes use, and an error for the rest.

use anyhow::{Context, Result, bail};

/// One instruction, its continuation lines joined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Instruction {
    From {
        image: String,
        name: Option<String>,
    },
    Arg {
        name: String,
        default: Option<String>,
    },
    Env {
        name: String,
        value: String,
    },
    Run {
        mounts: Vec<Mount>,
        script: String,
    },
    Copy {
        from: Option<String>,
        sources: Vec<String>,
        destination: String,
    },
    Workdir(String),
    User(String),
    /// In its exec form.
    Cmd(Vec<String>),
    Entrypoint(Vec<String>),
}

/// A `--mount` of a RUN instruction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mount {
    pub kind: String,
    pub from: Option<String>,
    pub source: Option<String>,
    pub target: Option<String>,
    pub id: Option<String>,
    pub env: Option<String>,
}

/// All instructions of a Dockerfile.
pub fn parse(text: &str) -> Result<Vec<Instruction>> {
    let mut instructions = Vec::new();
    for line in logical_lines(text) {
        let (keyword, rest) = line.split_once(char::is_whitespace).unwrap_or((line.as_str(), ""));
        let instruction = one(keyword, rest.trim()).with_context(|| format!("in `{line}`"))?;
        instructions.push(instruction);
    }
    Ok(instructions)
}

fn one(keyword: &str, rest: &str) -> Result<Instruction> {
    let words = || rest.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    Ok(match keyword.to_ascii_uppercase().as_str() {
        "FROM" => match words().as_slice() {
            [image] => Instruction::From { image: image.clone(), name: None },
            [image, keyword, name] if keyword.eq_ignore_ascii_case("as") => {
                Instruction::From { image: image.clone(), name: Some(name.clone()) }
            }
            _ => bail!("not `FROM image [AS name]`"),
        },
        "ARG" => match rest.split_once('=') {
            Some((name, default)) => {
                Instruction::Arg { name: name.to_owned(), default: Some(unquoted(default)) }
            }
            None => Instruction::Arg { name: rest.to_owned(), default: None },
        },
        "ENV" => {
            let (name, value) = rest.split_once('=').context("not `ENV name=value`")?;
            Instruction::Env { name: name.to_owned(), value: unquoted(value) }
        }
        "RUN" => {
            let (mut mounts, mut rest) = (Vec::new(), rest);
            while let Some(options) = rest.strip_prefix("--mount=") {
                let (options, script) = options.split_once(char::is_whitespace).context("no command")?;
                mounts.push(mount(options)?);
                rest = script.trim_start();
            }
            Instruction::Run { mounts, script: rest.to_owned() }
        }
        "COPY" => {
            let mut words = words();
            let from = words.first().and_then(|word| word.strip_prefix("--from=")).map(str::to_owned);
            if from.is_some() {
                words.remove(0);
            }
            let destination = words.pop().context("no destination")?;
            if words.is_empty() || words.iter().any(|word| word.starts_with("--")) {
                bail!("not `COPY [--from=stage] source... destination`");
            }
            Instruction::Copy { from, sources: words, destination }
        }
        "WORKDIR" => Instruction::Workdir(rest.to_owned()),
        "USER" => Instruction::User(rest.to_owned()),
        "CMD" => Instruction::Cmd(serde_json::from_str(rest).context("not in the exec form")?),
        "ENTRYPOINT" => Instruction::Entrypoint(serde_json::from_str(rest).context("not in the exec form")?),
        _ => bail!("no instruction that is known here"),
    })
}

fn mount(options: &str) -> Result<Mount> {
    let mut mount = Mount::default();
    for option in options.split(',') {
        let (key, value) = option.split_once('=').with_context(|| format!("`{option}` has no value"))?;
        let value = value.to_owned();
        match key {
            "type" => mount.kind = value,
            "from" => mount.from = Some(value),
            "source" => mount.source = Some(value),
            "target" => mount.target = Some(value),
            "id" => mount.id = Some(value),
            "env" => mount.env = Some(value),
            _ => bail!("`{key}` of a mount is not known here"),
        }
    }
    Ok(mount)
}

fn unquoted(text: &str) -> String {
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text).to_owned()
}

/// Lines with those they are continued on, without comments.
fn logical_lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut current = String::new();
    for line in text.lines() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match line.strip_suffix('\\') {
            Some(part) => {
                current.push_str(part.trim_end());
                current.push(' ');
            }
            None => {
                current.push_str(line);
                lines.push(std::mem::take(&mut current));
            }
        }
    }
    lines
}

/// `$NAME`, `${NAME}` and `${NAME:-default}` replaced, as in all instructions but RUN.
pub fn expand(text: &str, value: impl Fn(&str) -> Option<String>) -> Result<String> {
    let mut result = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        result.push_str(before);
        if let Some(inner) = after.strip_prefix('{') {
            let (inner, after) = inner.split_once('}').with_context(|| format!("no `}}` in `{text}`"))?;
            let (name, default) = inner.split_once(":-").map_or((inner, None), |(n, d)| (n, Some(d)));
            result.push_str(&value(name).or(default.map(str::to_owned)).unwrap_or_default());
            rest = after;
        } else {
            let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
            let (name, after) = after.split_at(end);
            result.push_str(&value(name).unwrap_or_default());
            rest = after;
        }
    }
    Ok(result + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_with_continuations_comments_and_mounts() {
        let text = "# syntax=docker/dockerfile:1\nARG A=\"1\"\nFROM python:${A} AS b\n\
                    RUN --mount=type=bind,from=w,target=/w \\\n    # not this\n    --mount=type=secret,id=i,env=E \\\n  a && b\n\
                    COPY --from=b /x/ y z/\nCMD [\"python\", \"-c\", \"x\"]\n";
        let mounts = vec![
            Mount {
                kind: "bind".into(),
                from: Some("w".into()),
                target: Some("/w".into()),
                ..Mount::default()
            },
            Mount { kind: "secret".into(), id: Some("i".into()), env: Some("E".into()), ..Mount::default() },
        ];
        let expected = [
            Instruction::Arg { name: "A".into(), default: Some("1".into()) },
            Instruction::From { image: "python:${A}".into(), name: Some("b".into()) },
            Instruction::Run { mounts, script: "a && b".into() },
            Instruction::Copy {
                from: Some("b".into()),
                sources: vec!["/x/".into(), "y".into()],
                destination: "z/".into(),
            },
            Instruction::Cmd(vec!["python".into(), "-c".into(), "x".into()]),
        ];
        assert_eq!(parse(text).unwrap(), expected);
    }

    #[test]
    fn unknown_instructions_are_refused() {
        assert!(parse("HEALTHCHECK NONE").is_err());
        assert!(parse("COPY --link a b").is_err());
    }

    #[test]
    fn variables() {
        let value = |name: &str| (name == "A").then(|| "1".to_owned());
        assert_eq!(expand("x$A-${A}-${B:-2}-$B.", value).unwrap(), "x1-1-2-.");
    }
}
