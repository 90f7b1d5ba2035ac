use std::{collections::BTreeMap, sync::Arc};

use serde::Deserialize;
use serde_json::{Value, json};
use strongroom_rotation::{Description, Home, PasswordRules, StepError};
use strongroom_store::{Mode, StoreError};
use strongroom_types::{Region, Sensitive};
use zeroize::Zeroizing;

use crate::{
    context::{Request, Services, Tls},
    iam::Caller,
    operation::{Records, Route, Service as _},
    secretsmanager::{SecretsManager, operations::ROUTES},
};

/// The calls home of a built-in function: the same operations that everyone
/// calls, authorised and recorded under the function's identity.
pub(crate) struct FunctionHome<'s> {
    pub(crate) services: &'s Services,
    pub(crate) caller: Arc<Caller>,
    pub(crate) region: Region,
    /// The rotation at hand, for PutSecretValue.
    pub(crate) rotation_token: Option<Sensitive<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Described {
    rotation_enabled: Option<bool>,
    version_ids_to_stages: Option<BTreeMap<String, Vec<String>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Got {
    secret_string: Option<Sensitive<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Drawn {
    random_password: Sensitive<String>,
}

impl FunctionHome<'_> {
    async fn call(
        &self,
        operation: &'static str,
        body: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, StepError> {
        let failed = |code: &str, message: String| StepError::Client {
            code: code.to_owned(),
            operation,
            message,
        };
        let find = |route: &&Route| route.name == operation;
        let route = ROUTES
            .iter()
            .find(find)
            .ok_or_else(|| failed("UnknownOperationException", String::new()))?;
        let request = Request {
            id: self.services.random.uuid().to_string(),
            caller: Arc::clone(&self.caller),
            region: self.region,
            source_ip: [127, 0, 0, 1].into(),
            user_agent: Some("strongroom-rotation-function".to_owned()),
            referer: None,
            vpc_endpoint: None,
            host: None,
            tls: Some(Tls::in_process()),
        };
        let (uses, now) = (self.services.callers.uses(), self.services.clock.now());
        uses.note(&self.caller, now, SecretsManager::NAME, self.region);
        let answer = route.call(self.services, &request, body).await;
        if let Records::Pending(lines) = answer.records {
            record(self.services, lines)
                .await
                .map_err(|error| failed("InternalServiceError", error.to_string()))?;
        }
        answer
            .result
            .map_err(|refusal| failed(refusal.code, refusal.message.into_owned()))
    }

    async fn read<T: serde::de::DeserializeOwned>(
        &self,
        operation: &'static str,
        input: &Value,
    ) -> Result<T, StepError> {
        let answer = self.call(operation, input.to_string().as_bytes()).await?;
        serde_json::from_slice(&answer)
            .map_err(|_| StepError::Value(format!("{operation} answered something else.")))
    }
}

/// Makes records durable: they go to the log from the store's outbox, as
/// those of changes do.
pub(crate) async fn record(services: &Services, lines: Vec<Vec<u8>>) -> Result<(), StoreError> {
    services
        .store
        .begin(Mode::Write)
        .await?
        .commit(lines)
        .await
        .map(drop)
}

impl Home for FunctionHome<'_> {
    async fn describe_secret(&self, secret_id: &str) -> Result<Description, StepError> {
        let input = json!({"SecretId": secret_id});
        let described: Described = self.read("DescribeSecret", &input).await?;
        Ok(Description {
            rotation_enabled: described.rotation_enabled,
            version_ids_to_stages: described.version_ids_to_stages.unwrap_or_default(),
        })
    }

    async fn get_secret_value(
        &self,
        secret_id: &str,
        version_id: Option<&str>,
        version_stage: &str,
    ) -> Result<Option<Sensitive<String>>, StepError> {
        let input = json!({
            "SecretId": secret_id, "VersionStage": version_stage, "VersionId": version_id,
        });
        match self.read::<Got>("GetSecretValue", &input).await {
            Ok(got) => got
                .secret_string
                .map(Some)
                .ok_or_else(|| StepError::Value("The secret's value isn't text.".to_owned())),
            // A missing secret is an error; a missing version is not.
            Err(StepError::Client { code, message, .. })
                if code == "ResourceNotFoundException" && message.contains("secret value") =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    async fn put_pending_value(
        &self,
        secret_id: &str,
        token: &str,
        value: Sensitive<String>,
    ) -> Result<(), StepError> {
        // Written by hand, so that no copy of the value is left behind.
        let quoted = Zeroizing::new(serde_json::to_string(value.expose()).unwrap_or_default());
        let head = json!({
            "SecretId": secret_id, "ClientRequestToken": token, "VersionStages": ["AWSPENDING"],
        });
        let mut body = Zeroizing::new(head.to_string());
        body.pop();
        body.push_str(",\"SecretString\":");
        body.push_str(&quoted);
        if let Some(token) = &self.rotation_token {
            body.push_str(",\"RotationToken\":\"");
            body.push_str(token.expose());
            body.push('"');
        }
        body.push('}');
        self.call("PutSecretValue", body.as_bytes()).await.map(drop)
    }

    async fn make_current(
        &self,
        secret_id: &str,
        token: &str,
        instead_of: Option<&str>,
    ) -> Result<(), StepError> {
        let input = json!({
            "SecretId": secret_id, "VersionStage": "AWSCURRENT", "MoveToVersionId": token,
            "RemoveFromVersionId": instead_of,
        });
        let body = input.to_string();
        self.call("UpdateSecretVersionStage", body.as_bytes())
            .await
            .map(drop)
    }

    async fn get_random_password(
        &self,
        rules: &PasswordRules,
    ) -> Result<Sensitive<String>, StepError> {
        let input = json!({
            "PasswordLength": rules.length,
            "ExcludeCharacters": rules.exclude_characters,
            "ExcludeLowercase": rules.exclude_lowercase,
            "ExcludeNumbers": rules.exclude_numbers,
            "ExcludePunctuation": rules.exclude_punctuation,
            "ExcludeUppercase": rules.exclude_uppercase,
            "RequireEachIncludedType": rules.require_each_included_type,
        });
        let drawn: Drawn = self.read("GetRandomPassword", &input).await?;
        Ok(drawn.random_password)
    }
}
