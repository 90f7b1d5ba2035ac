//! The policies that AWS itself publishes, by ARN.

/// `AdministratorAccess`: everything on everything.
pub(super) const ADMINISTRATOR_ACCESS: &str = "arn:aws:iam::aws:policy/AdministratorAccess";

/// The document of an AWS managed policy.
pub(super) fn document(arn: &str) -> Option<&'static str> {
    // In other partitions the same policies have that partition's ARNs.
    let (_, name) = arn.split_once(":iam::aws:policy/")?;
    match name {
        "AdministratorAccess" => Some(
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
        ),
        _ => None,
    }
}
