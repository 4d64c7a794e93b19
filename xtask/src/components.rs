//! Building components, and the loader: compile, stamp the package's metadata into them, put them where they are looked
//! for.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use cargo_metadata::{MetadataCommand, Package};
use wasm_metadata::{AddMetadata, AddMetadataField, Authors, Description, Licenses, Source, Version};

use crate::toolchain::{self, TARGET, Toolchain};

/// Folders of crates that become WebAssembly, and the folder below `target` that what they become goes to.
const FOLDERS: [(&str, &str); 4] = [
    ("plugins", "plugins"),
    ("examples", "examples"),
    ("host-test/guests", "guests"),
    // A core module, not a component.
    ("hosts/loader/module", "loader"),
];

/// Components that a host in another language than Rust runs besides the strategies, for which there is a folder below
/// `target` without those.
const RELEASE_FILES: [&str; 2] = ["guard.wasm", "loader.wasm"];

/// A component that was built, or the loader.
pub(crate) struct Component {
    /// Its path, absolute.
    pub(crate) path: PathBuf,
    /// Its content.
    pub(crate) bytes: Vec<u8>,
}

/// Builds components of the workspace at `root`: those of the packages that are named, or all where none is.
pub(crate) fn build(root: &Path, only: &[String]) -> Result<Vec<Component>> {
    let mut packages = packages(root)?;
    for name in only {
        let names = packages.iter().map(|(package, _)| package.name.as_str());
        ensure!(
            names.clone().any(|known| known == name),
            "no package `{name}` is a component; there is {}",
            names.collect::<Vec<_>>().join(", ")
        );
    }
    packages.retain(|(package, _)| only.is_empty() || only.iter().any(|name| *name == *package.name));
    let toolchain = Toolchain::find()?;
    let build_dir = root.join("target/wasm");
    let mut command = toolchain.cargo_build(&build_dir)?;
    command.current_dir(root).args(["--profile", "component", "--locked"]);
    command.args(packages.iter().flat_map(|(package, _)| ["--package", package.name.as_str()]));
    toolchain::run(command.env("CARGO_ENCODED_RUSTFLAGS", flags(root)?))?;

    let built = match toolchain {
        Toolchain::Path => build_dir.join(TARGET),
        Toolchain::Debian => build_dir.join("debian").join(TARGET),
    };
    let finish = |(package, folder): &(Package, &str)| {
        finish(package, &built.join("component"), &root.join("target").join(folder))
    };
    let components = packages.iter().map(finish).collect::<Result<Vec<_>>>()?;
    copy_release_files(&components, &root.join("target/release-files"))?;
    Ok(components)
}

fn copy_release_files(components: &[Component], to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for component in components {
        if let Some(file) = component.path.file_name().filter(|file| RELEASE_FILES.iter().any(|name| name == file)) {
            fs::write(to.join(file), &component.bytes)?;
        }
    }
    Ok(())
}

/// The packages that are components, and the folder below `target` for each.
fn packages(root: &Path) -> Result<Vec<(Package, &'static str)>> {
    let metadata = MetadataCommand::new().current_dir(root).no_deps().exec()?;
    let folder_of = |package: &Package| {
        let path = package.manifest_path.as_std_path().strip_prefix(root).ok()?;
        FOLDERS.iter().find(|(folder, _)| path.starts_with(folder)).map(|(_, target)| *target)
    };
    Ok(metadata
        .packages
        .into_iter()
        .filter_map(|package| folder_of(&package).map(|folder| (package, folder)))
        .collect())
}

/// Compiler flags that keep this machine's paths out of the components.
fn flags(root: &Path) -> Result<String> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| env::home_dir().map(|home| home.join(".cargo"))).context("there is no home folder")?;
    let sysroot = toolchain::rustc_path(&["--print", "sysroot"])?;
    let remap = |from: &Path, to: &str| format!("--remap-path-prefix={}={to}", from.display());
    let flags = [remap(&home, "/cargo"), remap(&sysroot, "/rust"), remap(root, "/pointsman")];
    // Cargo's separator, which no path contains.
    Ok(flags.join("\u{1f}"))
}

/// Stamps the package's metadata into the component and puts it into `target`.
fn finish(package: &Package, built: &Path, target: &Path) -> Result<Component> {
    let library = package.targets.iter().find(|target| target.is_cdylib());
    let library = library.with_context(|| format!("package `{}` is no `cdylib`", package.name))?;
    let file = format!("{}.wasm", library.name.replace('-', "_"));
    let wasm = fs::read(built.join(&file)).with_context(|| format!("{file} was not built"))?;
    let bytes = metadata(package)?.to_wasm(&wasm).with_context(|| format!("{file} cannot take metadata"))?;
    fs::create_dir_all(target)?;
    let path = target.join(&file);
    fs::write(&path, &bytes)?;
    Ok(Component { path, bytes })
}

fn metadata(package: &Package) -> Result<AddMetadata> {
    let missing = |field: &str| format!("package `{}` has no {field}", package.name);
    let mut add = AddMetadata::default();
    add.name = AddMetadataField::Set(package.name.to_string());
    add.version = AddMetadataField::Set(Version::new(package.version.to_string()));
    let description = package.description.clone().with_context(|| missing("description"))?;
    add.description = AddMetadataField::Set(Description::new(description));
    let licence = package.license.as_deref().with_context(|| missing("license"))?;
    add.licenses = AddMetadataField::Set(Licenses::new(licence)?);
    let source = package.repository.as_deref().with_context(|| missing("repository"))?;
    add.source = AddMetadataField::Set(Source::new(source)?);
    if let [author, ..] = &package.authors[..] {
        add.authors = AddMetadataField::Set(Authors::new(author.clone()));
    }
    Ok(add)
}
