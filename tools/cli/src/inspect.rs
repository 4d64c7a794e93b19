//! `pointsman inspect`: what a plugin is.

use std::io::Write;

use pointsman_simulate::show::{plain, style};
use serde::Serialize;
use serde_json::value::RawValue;
use wasm_metadata::Payload;

use crate::{
    Outcome,
    args::{InspectArgs, SandboxArgs},
    error::CliError,
    output,
};

/// Columns of the labels.
const LABEL: usize = 14;

/// All there is to say, in the order in which it is said.
#[derive(Serialize)]
struct Inspection {
    name: String,
    version: String,
    summary: String,
    description: Option<String>,
    licence: Option<String>,
    source: Option<String>,
    contract_version: &'static str,
    digest: String,
    size: usize,
    exports: Vec<String>,
    /// Always empty: a plugin with any is not admitted.
    imports: [String; 0],
    config_schema: Box<RawValue>,
}

pub(crate) fn run(sandbox: &SandboxArgs, args: &InspectArgs) -> Result<Outcome, CliError> {
    let host = sandbox.host()?;
    let file = host.read(&args.file)?;
    let plugin = host.load_file(&file)?;
    let description = plugin.describe()?;
    let payload = Payload::from_binary(file.bytes()).map_err(|error| CliError::Metadata(error.to_string()))?;
    let metadata = payload.metadata();
    let inspection = Inspection {
        name: description.name,
        version: description.version,
        summary: description.summary,
        description: metadata.description.as_ref().map(ToString::to_string),
        licence: metadata.licenses.as_ref().map(ToString::to_string),
        source: metadata.source.as_ref().map(ToString::to_string),
        contract_version: plugin.contract_version(),
        digest: plugin.id().digest().to_owned(),
        size: plugin.size(),
        exports: plugin.exports(),
        imports: [],
        config_schema: RawValue::from_string(description.config_schema)
            .map_err(|error| CliError::Answers(format!("the config schema is not JSON: {error}")))?,
    };
    if args.json {
        output::write_json(&inspection)?;
    } else {
        inspection.write(&mut output::stdout())?;
    }
    Ok(Outcome::Ok)
}

// === impl Inspection ===

impl Inspection {
    fn write(&self, out: &mut impl Write) -> Result<(), CliError> {
        let unknown = || "(not given)".to_owned();
        let lines = [
            ("name", self.name.clone()),
            ("version", self.version.clone()),
            ("summary", self.summary.clone()),
            ("description", self.description.clone().unwrap_or_else(unknown)),
            ("licence", self.licence.clone().unwrap_or_else(unknown)),
            ("source", self.source.clone().unwrap_or_else(unknown)),
            ("contract", format!("pointsman:strategy@{}", self.contract_version)),
            ("digest", self.digest.clone()),
            ("size", format!("{} bytes", self.size)),
            ("exports", self.exports.join("\n")),
            ("imports", "none".to_owned()),
        ];
        let look = output::look();
        for (label, value) in lines {
            let mut label = label;
            for line in value.lines() {
                writeln!(out, "{}", look.labelled(style::HEADING, label, LABEL, &plain(line)))?;
                label = "";
            }
        }
        let schema: serde_json::Value =
            serde_json::from_str(self.config_schema.get()).map_err(|error| CliError::Answers(error.to_string()))?;
        writeln!(out, "{}", look.heading("config schema"))?;
        // It is JSON to be copied, so its lines stay as they are.
        for line in format!("{schema:#}").lines() {
            writeln!(out, "{}", plain(line))?;
        }
        Ok(())
    }
}
