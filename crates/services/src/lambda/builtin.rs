//! The rotation functions that exist in every account and Region, under the
//! names of AWS's templates. An account sets their environment in each Region.

use std::sync::Arc;

use serde_json::json;
use strongroom_rotation::{Environment, Template};
use strongroom_types::{Arn, Principal};

use super::{
    error::{Error, Result},
    function::FunctionRef,
    record::{BuiltinFunction, Variable},
};
use crate::{
    context::{Context, Home},
    iam::Caller,
    operation::ServiceError as _,
    secretsmanager::check_password_rules,
    tables::BuiltinFunctions,
};

/// The role of built-in functions, made by nobody and changed by nobody.
const ROLE: &str = "AWSServiceRoleForSecretsManagerRotation";
const ROLE_PATH: &str = "/aws-service-role/rotation.secretsmanager.amazonaws.com/";
const ROLE_ID: &str = "AROASECRETSMANAGERROT";

/// A function that is built in, as an account has set it in a Region.
#[derive(Clone)]
pub(crate) struct Builtin {
    pub(super) template: Template,
    pub(super) row: BuiltinFunction,
}

impl Builtin {
    /// As it is where nobody has set anything.
    pub(super) fn new(template: Template) -> Self {
        Self {
            template,
            row: BuiltinFunction::default(),
        }
    }

    /// What its template reads.
    ///
    /// # Errors
    /// In words, where that means nothing.
    pub(super) fn environment(&self) -> std::result::Result<Environment, String> {
        let variables = self.row.environment.iter();
        let variables = variables.map(|row| (row.name.clone(), row.value.clone()));
        Environment::of(self.template, variables)
    }

    /// Sets its environment, all of it, if passwords can be made by it.
    ///
    /// # Errors
    /// `InvalidParameterValueException`.
    pub(super) fn set_environment(
        mut self,
        cx: &mut Context<'_>,
        function: &FunctionRef,
        variables: Vec<Variable>,
    ) -> Result<Self> {
        self.row.environment = variables;
        let refused = |why: String| {
            Error::InvalidParameterValue(
                format!("Lambda was unable to configure your environment variables because {why}.")
                    .into(),
            )
        };
        let environment = self.environment().map_err(refused)?;
        let rules = self.template.password_rules(&environment);
        check_password_rules(&rules, cx.services.random.as_ref()).map_err(|error| {
            let text = error.refusal().message;
            refused(format!(
                "no password is like that: {}",
                text.trim_end_matches('.')
            ))
        })?;
        self.row.last_modified_ms = cx.now.as_millisecond();
        self.row.revision_id = cx.services.random.uuid().to_string();
        cx.tx.put::<BuiltinFunctions>(&function.key(), &self.row)?;
        Ok(self)
    }
}

/// The ARN of the role of built-in functions.
pub(super) fn role_arn(home: &Home) -> String {
    let (partition, account) = (home.partition, home.account);
    format!("arn:{partition}:iam::{account}:role{ROLE_PATH}{ROLE}")
}

/// Who a built-in function is: its role, in a session of the function's name.
///
/// The permissions are those of AWS's templates: the secrets that name the
/// function as theirs, random passwords, and, to alternate users, the
/// superuser's secret.
///
/// Source: `aws-samples/aws-secrets-manager-rotation-lambdas` and the
/// permissions that the User Guide lists for them.
pub(super) fn caller(home: &Home, template: Template, arn: &Arn) -> Option<Arc<Caller>> {
    let (partition, account) = (home.partition.as_str(), home.account);
    let secrets = format!(
        "arn:{partition}:secretsmanager:{}:{account}:secret:*",
        home.region
    );
    let mut statements = vec![
        json!({
            "Effect": "Allow",
            "Action": [
                "secretsmanager:DescribeSecret",
                "secretsmanager:GetSecretValue",
                "secretsmanager:PutSecretValue",
                "secretsmanager:UpdateSecretVersionStage",
            ],
            "Resource": secrets,
            "Condition": {
                "StringEquals": {"secretsmanager:resource/AllowRotationLambdaArn": arn.as_str()},
            },
        }),
        json!({
            "Effect": "Allow", "Action": "secretsmanager:GetRandomPassword", "Resource": "*",
        }),
        json!({
            "Effect": "Allow",
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Resource": "*",
            "Condition": {
                "StringEquals": {
                    "kms:ViaService": format!("secretsmanager.{}.amazonaws.com", home.region),
                },
            },
        }),
    ];
    if template.reads_master() {
        statements.push(json!({
            "Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": secrets,
        }));
    }
    let document = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    let principal = Principal::AssumedRole {
        account,
        path: ROLE_PATH.into(),
        role_name: ROLE.into(),
        role_id: ROLE_ID.into(),
        session_name: template.name().into(),
    };
    let caller = Caller::service_role(home.partition, principal, &document);
    caller.ok().map(Arc::new)
}
