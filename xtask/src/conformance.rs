//! What our code declares of AWS's operations, against what AWS publishes.
//!
//! Ours comes from the server itself (`strongroom shapes`), AWS's from the
//! service models inside the botocore that the tests install.

mod allowed;
mod compare;
mod shape;

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::command::{Failure, Result, cargo, command, output, run};
use crate::project;
use crate::python::Environment;
use crate::test;
use allowed::Allowed;
use compare::Difference;

pub(crate) const HELP: &str = "\
Usage: cargo xtask conformance

Compares every operation that the server declares (`strongroom shapes`) with
AWS's published service models, which botocore carries: operations, members,
types, constraints, enumerations, what is required, what is sensitive, errors.
Fails on each difference that xtask/conformance.toml does not explain, and on
each explanation there that is no longer needed.
";

/// Prints AWS's model of the service that is its argument.
const PRINT_MODEL: &str = "\
import json, sys
from botocore.loaders import Loader
print(json.dumps(Loader().load_service_model(sys.argv[1], 'service-2')))
";

/// Builds the server, then compares.
pub(crate) fn run_chore(arguments: &[String]) -> Result<()> {
    if let Some(unknown) = arguments.first() {
        return Err(Failure::new(format!(
            "conformance takes no arguments, got `{unknown}`"
        )));
    }
    let root = project::root();
    let environment = test::prepare(&root)?;
    run(&mut cargo(
        &root,
        ["build", "--locked", "--package", "strongroom"],
    ))?;
    check(&root, &environment)
}

/// Compares what the built server declares with AWS's models.
///
/// # Errors
///
/// When they differ where `xtask/conformance.toml` does not say so.
pub(crate) fn check(root: &Path, environment: &Environment) -> Result<()> {
    let server = project::built(root, "debug", "strongroom");
    let ours = json(&mut command(root, server, ["shapes"]))?;
    let services = ours
        .as_object()
        .ok_or_else(|| Failure::new("`strongroom shapes` printed no object of services"))?;
    let mut differences = Vec::new();
    for (service, declared) in services {
        let mut print_model = environment.python(root, ["-c", PRINT_MODEL]);
        let model = json(print_model.arg(service).env_remove("AWS_DATA_PATH"))?;
        differences.extend(compare::service(service, declared, &model)?);
    }
    let allowed = Allowed::parse(&project::read(&root.join("xtask/conformance.toml"))?)?;
    report(&allowed.judge(differences))?;
    println!("conformance: {}", counted(services));
    Ok(())
}

fn json(command: &mut Command) -> Result<Value> {
    serde_json::from_str(&output(command)?)
        .map_err(|error| Failure::new(format!("expected JSON: {error}")))
}

fn report(judged: &allowed::Judged<'_>) -> Result<()> {
    for difference in &judged.unexplained {
        println!("  {difference}");
    }
    for needless in &judged.needless {
        println!("  xtask/conformance.toml explains what is not so: {needless}");
    }
    match judged.unexplained.len() + judged.needless.len() {
        0 => Ok(()),
        count => Err(Failure::new(format!(
            "{count} differences from AWS's service models; mend them, or explain them in \
             xtask/conformance.toml"
        ))),
    }
}

/// `22 operations of secretsmanager are as AWS declares them`.
fn counted(services: &serde_json::Map<String, Value>) -> String {
    let counts: Vec<String> = services
        .iter()
        .map(|(service, declared)| {
            let operations = declared.get("operations").and_then(Value::as_object);
            format!(
                "{} operations of {service}",
                operations.map_or(0, serde_json::Map::len)
            )
        })
        .collect();
    format!("{} are as AWS declares them", counts.join(", "))
}
