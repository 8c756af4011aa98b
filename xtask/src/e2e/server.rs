//! Servers on the loopback interface.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::install;
use crate::process::{command, output};

/// A small package index, and a program that uploads to one.
pub const TOOLS: &[&str] = &["pypiserver==2.4.2", "passlib==1.7.4", "twine==7.0.0"];

/// The user who may upload.
pub const USER: &str = "ci";
pub const PASSWORD: &str = "secret";

/// The longest time for a server to start.
const PATIENCE: Duration = Duration::from_secs(120);

/// A server on the loopback interface, stopped when dropped.
pub struct Server {
    process: Child,
    port: u16,
}

impl Server {
    pub fn start(program: &Path, arguments: impl Fn(u16) -> Vec<String>, log: &Path) -> Result<Self> {
        // A free port; it is unlikely that another program takes it before the server does.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let log = File::create(log)?;
        let mut server = command(program);
        server.args(arguments(port)).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let mut process = server.spawn().with_context(|| format!("cannot start {}", program.display()))?;
        let start = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if let Some(status) = process.try_wait()? {
                bail!("{} ended with {status}", program.display());
            }
            if start.elapsed() > PATIENCE {
                let _ = process.kill();
                bail!("{} does not answer", program.display());
            }
            sleep(Duration::from_millis(100));
        }
        Ok(Self { process, port })
    }

    /// The URL of its root, with a slash at the end.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// pypiserver for this directory; uploads need [`USER`] and [`PASSWORD`].
pub fn pypiserver_of(packages: &Path, log: &Path) -> Result<Server> {
    let bin = install::python_tools("index", TOOLS)?;
    let line =
        format!("from passlib.hash import sha512_crypt; print('{USER}:' + sha512_crypt.hash('{PASSWORD}'))");
    let passwords = log.with_extension("htpasswd");
    fs::write(&passwords, output(command(bin.join("python")).args(["-c", &line]))?)?;
    let arguments = |port: u16| {
        let mut list: Vec<String> = ["run", "-i", "127.0.0.1", "--disable-fallback", "-a", "update", "-P"]
            .map(str::to_owned)
            .to_vec();
        list.extend([passwords.display().to_string(), "-p".to_owned(), port.to_string()]);
        list.push(packages.display().to_string());
        list
    };
    Server::start(&bin.join("pypi-server"), arguments, log)
}
