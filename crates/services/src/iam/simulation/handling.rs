use crate::iam::error::{Error, Result};

/// What `ec2:RunInstances` is about in each of the simulator's scenarios: the
/// kinds of resources that must be among those simulated.
///
/// Source: IAM API Reference, SimulateCustomPolicy, `ResourceHandlingOption`.
const SCENARIOS: &[(&str, &[&str])] = &[
    (
        "EC2-VPC-InstanceStore",
        &["instance", "image", "security-group", "network-interface"],
    ),
    (
        "EC2-VPC-InstanceStore-Subnet",
        &[
            "instance",
            "image",
            "security-group",
            "network-interface",
            "subnet",
        ],
    ),
    (
        "EC2-VPC-EBS",
        &[
            "instance",
            "image",
            "security-group",
            "network-interface",
            "volume",
        ],
    ),
    (
        "EC2-VPC-EBS-Subnet",
        &[
            "instance",
            "image",
            "security-group",
            "network-interface",
            "subnet",
            "volume",
        ],
    ),
    (
        "EC2-Classic-InstanceStore",
        &["instance", "image", "security-group"],
    ),
    (
        "EC2-Classic-EBS",
        &["instance", "image", "security-group", "volume"],
    ),
];

/// Checks `ResourceHandlingOption`, which bears on `ec2:RunInstances` alone.
///
/// # Errors
/// `InvalidInput` for another option, or if resources of a kind are missing.
pub(super) fn check(option: Option<&str>, actions: &[String], resources: &[String]) -> Result<()> {
    let Some(option) = option else {
        return Ok(());
    };
    let Some((_, kinds)) = SCENARIOS.iter().find(|(name, _)| *name == option) else {
        return Err(Error::InvalidInput(
            format!("Invalid resource handling option: {option}").into(),
        ));
    };
    let runs = |action: &String| action.eq_ignore_ascii_case("ec2:RunInstances");
    if !actions.iter().any(runs) {
        return Ok(());
    }
    let is_there = |kind: &&&str| {
        resources.iter().any(|arn| {
            let resource = arn.splitn(6, ':').nth(5);
            resource.is_some_and(|it| it.split('/').next() == Some(**kind))
        })
    };
    match kinds.iter().find(|kind| !is_there(kind)) {
        Some(kind) => Err(Error::InvalidInput(
            format!("The option {option} needs a resource of the type {kind}.").into(),
        )),
        None => Ok(()),
    }
}
