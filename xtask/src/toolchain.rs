//! Finding a Rust toolchain that can build for `wasm32-unknown-unknown`.

use std::{
    env,
    ffi::OsString,
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail, ensure};

/// The target of every component.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// The linker that makes components, part of rustup's toolchains.
const LINKER: &str = "wasm-component-ld";

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
    /// Finds what is installed, else what rustup can add, else what Debian can install.
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
                Err(error) => failures.push(format!(
                    "Debian's packages cannot be had ({error:#}; as root: apt-get install {})",
                    DEBIAN_PACKAGES.join(" ")
                )),
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

/// Whether the rustc on the path has the target's standard library, and the linker for components.
fn has_target() -> bool {
    let has_library = rustc_path(&["--print", "target-libdir", "--target", TARGET]).is_ok_and(|path| path.is_dir());
    let linker = Path::new("bin").join(LINKER);
    // rustc finds the linker beside the host's library, or on the path.
    let own = rustc_path(&["--print", "target-libdir"]).ok().and_then(|lib| Some(lib.parent()?.join(&linker)));
    let path = env::var_os("PATH").unwrap_or_default();
    let on_path = env::split_paths(&path).map(|folder| folder.join(LINKER));
    has_library && own.into_iter().chain(on_path).any(|path| path.exists())
}

/// A path that the rustc on the path prints.
pub(crate) fn rustc_path(args: &[&str]) -> Result<PathBuf> {
    let output = Command::new("rustc").args(args).output().context("`rustc` cannot be started")?;
    ensure!(output.status.success(), "`rustc {}` fails", args.join(" "));
    Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim()))
}

fn install_debian() -> Result<()> {
    let files = [DEBIAN_RUSTC, DEBIAN_CARGO, DEBIAN_LIBRARY, DEBIAN_LLD];
    // `exists` follows links: a link to nothing is nothing.
    let missing = || {
        let file = files.into_iter().find(|path| !Path::new(path).exists());
        file.or_else(|| (!is_new_enough(DEBIAN_RUSTC)).then_some("a rustc that is new enough"))
    };
    if missing().is_some() {
        run(Command::new("apt-get").arg("update"))?;
        install(&DEBIAN_PACKAGES)?;
        // `rust-lld` is a link to, say, `lld-22`, whose package of that name is not among the dependencies.
        if let Ok(lld) = fs::read_link(DEBIAN_LLD) {
            install(&[lld.to_string_lossy().as_ref()])?;
        }
    }
    missing().map_or(Ok(()), |what| bail!("they are installed, but {what} is not there"))
}

/// Whether a compiler is at least as new as the workspace wants. Debian has an older one of the same package name.
fn is_new_enough(rustc: &str) -> bool {
    let output = Command::new(rustc).arg("--version").output();
    let version = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    // `rustc 1.96.0 (…)`
    let minor = version.split('.').nth(1).and_then(|minor| minor.parse::<u32>().ok());
    let wanted = env!("CARGO_PKG_RUST_VERSION").split('.').nth(1).and_then(|minor| minor.parse().ok());
    minor >= wanted
}

/// Never at the price of another package: Debian's rustup conflicts with these.
fn install(packages: &[&str]) -> Result<()> {
    run(Command::new("apt-get").args(["install", "--yes", "--no-install-recommends", "--no-remove"]).args(packages))
}

/// The search path with a folder that has `wasm-ld`, which `wasm-component-ld` starts and which Debian's package has
/// under its other name only: lld is the linker for whatever it is called as.
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
