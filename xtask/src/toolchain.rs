//! Finding a Rust toolchain that can build for `wasm32-unknown-unknown`.

use std::{env, ffi::OsString, fs, os::unix::fs::symlink, path::Path, process::Command};

use anyhow::{Context, Result, bail};

/// The target of every component.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// Forces one way, so that each can be tried.
const VARIABLE: &str = "POINTSMAN_WASM_TOOLCHAIN";

/// Debian's toolchain: the compiler and cargo, the standard library's source, and the linker for components.
const DEBIAN_PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm"];
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_LIBRARY: &str = "/usr/lib/rustlib/src/rust/library";
const DEBIAN_LLD: &str = "/usr/bin/rust-lld";

/// A way to build for WebAssembly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Toolchain {
    /// The cargo on the path has the target.
    Path,
    /// Debian's cargo, which builds the standard library itself.
    Debian,
}

impl Toolchain {
    /// What is installed, else what rustup can add, else what Debian can install.
    pub(crate) fn find() -> Result<Self> {
        let forced = env::var(VARIABLE).ok();
        let tried = |way: &str| forced.as_deref().is_none_or(|forced| forced == way);
        if let Some(way) = forced.as_deref().filter(|way| !["installed", "rustup", "debian"].contains(way)) {
            bail!("{VARIABLE} is `{way}`; it takes `installed`, `rustup` or `debian`");
        }
        let mut failures = vec![];
        if tried("installed") {
            if has_target() {
                return Ok(Self::Path);
            }
            failures.push(format!("the installed toolchain lacks the target {TARGET}"));
        }
        if tried("rustup") {
            match run(Command::new("rustup").args(["target", "add", TARGET])) {
                Ok(()) if has_target() => return Ok(Self::Path),
                Ok(()) => failures.push("rustup added the target to another toolchain than the one in use".to_owned()),
                Err(error) => failures.push(format!("rustup cannot add it ({error:#})")),
            }
        }
        if tried("debian") {
            match install_debian() {
                Ok(()) => return Ok(Self::Debian),
                Err(error) => failures.push(format!("Debian's packages {DEBIAN_PACKAGES:?} cannot be had ({error:#})")),
            }
        }
        bail!("no toolchain for {TARGET}: {}", failures.join("; "))
    }

    /// `cargo build` with what this toolchain needs, keeping its files in `target_dir`.
    pub(crate) fn cargo_build(self, target_dir: &Path) -> Result<Command> {
        let mut command = match self {
            Self::Path => Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into())),
            Self::Debian => Command::new(DEBIAN_CARGO),
        };
        command.args(["build", "--target", TARGET, "--target-dir"]);
        match self {
            Self::Path => command.arg(target_dir),
            Self::Debian => command
                .arg(target_dir.join("debian"))
                // There is no package of the compiled standard library; the variable lets a stable compiler build it.
                .arg("-Zbuild-std=std,panic_abort")
                .env("RUSTC", DEBIAN_RUSTC)
                .env("RUSTC_BOOTSTRAP", "1")
                .env("PATH", path_with_wasm_ld(&target_dir.join("debian-linker"))?),
        };
        Ok(command)
    }
}

/// Whether the rustc on the path has the target's standard library.
fn has_target() -> bool {
    let output = Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]).output();
    output.is_ok_and(|output| {
        output.status.success() && Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir()
    })
}

fn install_debian() -> Result<()> {
    let files = [DEBIAN_RUSTC, DEBIAN_CARGO, DEBIAN_LIBRARY, DEBIAN_LLD];
    // `exists` follows links: a link to nothing is nothing.
    let missing = || files.into_iter().find(|path| !Path::new(path).exists());
    if missing().is_some() {
        run(Command::new("apt-get").arg("update"))?;
        install(&DEBIAN_PACKAGES)?;
        // `rust-lld` is a link to, say, `lld-22`, whose package of that name is not among the dependencies.
        if let Ok(lld) = fs::read_link(DEBIAN_LLD) {
            install(&[lld.to_string_lossy().as_ref()])?;
        }
    }
    missing().map_or(Ok(()), |path| bail!("they are installed, but {path} is not there"))
}

fn install(packages: &[&str]) -> Result<()> {
    run(Command::new("apt-get").args(["install", "--yes", "--no-install-recommends"]).args(packages))
}

/// The search path with a folder that has `wasm-ld`, which `wasm-component-ld` starts and which Debian's package has under
/// its other name only: lld is the linker for whatever it is called as.
fn path_with_wasm_ld(folder: &Path) -> Result<OsString> {
    let link = folder.join("wasm-ld");
    fs::create_dir_all(folder)?;
    if !link.is_symlink() {
        symlink(DEBIAN_LLD, &link).with_context(|| format!("cannot make {}", link.display()))?;
    }
    let path = env::var_os("PATH").unwrap_or_default();
    Ok(env::join_paths(std::iter::once(folder.to_owned()).chain(env::split_paths(&path)))?)
}

/// Runs a command with its output on standard error, where it is shown but not mixed with ours.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.stdout(std::io::stderr()).status().with_context(|| format!("`{name}` cannot be started"))?;
    if !status.success() {
        bail!("`{name}` ended with {status}");
    }
    Ok(())
}
