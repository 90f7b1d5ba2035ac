//! Functions that are endpoints of somebody else: the configuration names
//! them, and they speak Lambda's Invoke.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use strongroom_functions::Invocation;
use strongroom_policy::{Policy, PolicyKind};
use strongroom_rotation::Hosts;
use strongroom_types::{AccountId, Arn, Region, Sensitive};

use super::policy;
use crate::context::Home;

/// An endpoint that is a function, in some Regions of one account.
pub struct FunctionEndpoint {
    /// The function's name.
    pub name: String,
    /// Whose function it is.
    pub account: AccountId,
    /// Where it is; in every Region if none is given.
    pub regions: Vec<Region>,
    /// Accounts and principals that may call it, as policies name them, beside
    /// those whose own policies allow it.
    pub principals: Vec<String>,
    /// Seconds that a call may take.
    pub timeout_seconds: u32,
    /// How it is called.
    pub remote: Box<dyn RemoteFunction>,
}

/// Calls a function by Lambda's Invoke.
pub trait RemoteFunction: Send + Sync {
    /// Makes a call, and waits for the answer as long as it may take.
    ///
    /// # Errors
    /// [`RemoteError`], when no function answered.
    fn invoke(
        &self,
        call: RemoteCall,
    ) -> Pin<Box<dyn Future<Output = Result<Invocation, RemoteError>> + Send + '_>>;
}

/// A call of an endpoint.
pub struct RemoteCall {
    /// The function's name.
    pub function: String,
    /// What the client says of itself, JSON.
    pub client_context: Option<String>,
    /// The event, JSON.
    pub payload: Sensitive<Vec<u8>>,
    /// Whether the end of the log is wanted.
    pub tail: bool,
}

/// Why no function answered: a sentence about its endpoint that holds nothing
/// of what was sent.
#[derive(Debug, thiserror::Error)]
#[error("the function's endpoint {0}")]
pub struct RemoteError(pub String);

/// Why a call came to nothing before a function could fail.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotCalled {
    /// There is enough to do; later.
    Busy,
    /// For this reason.
    Failed(String),
}

/// All endpoints that are functions.
#[derive(Default)]
pub struct FunctionEndpoints(Vec<Arc<FunctionEndpoint>>);

impl FunctionEndpoint {
    /// Whether it is in this account and Region.
    #[must_use]
    pub fn is_in(&self, account: AccountId, region: Region) -> bool {
        self.account == account && (self.regions.is_empty() || self.regions.contains(&region))
    }

    /// Its resource policy, as JSON.
    pub(super) fn document(&self, home: &Home, arn: &Arn) -> String {
        policy::standing(home, arn, &self.principals)
    }

    /// Calls it, if there is room among those who call it already.
    pub(super) async fn call(
        &self,
        hosts: &Hosts,
        call: RemoteCall,
    ) -> Result<Invocation, NotCalled> {
        let place = format!("function/{}/{}", self.account, self.name);
        let _permit = hosts.enter(&place).await.ok_or(NotCalled::Busy)?;
        let done = self.remote.invoke(call).await;
        done.map_err(|error| NotCalled::Failed(error.to_string()))
    }
}

impl FunctionEndpoints {
    /// These.
    #[must_use]
    pub fn new(endpoints: Vec<FunctionEndpoint>) -> Self {
        Self(endpoints.into_iter().map(Arc::new).collect())
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<FunctionEndpoint>> {
        self.0.iter()
    }

    /// The one of this name in an account and a Region.
    pub(super) fn named(&self, home: &Home, name: &str) -> Option<Arc<FunctionEndpoint>> {
        let is_it = |known: &&Arc<FunctionEndpoint>| {
            known.name == name && known.is_in(home.account, home.region)
        };
        self.0.iter().find(is_it).cloned()
    }
}

impl fmt::Debug for FunctionEndpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)
    }
}

/// Whether a text names an account or a principal as policies do, and not
/// everybody.
#[must_use]
pub fn is_principal(text: &str) -> bool {
    let document = serde_json::json!({
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow", "Principal": {"AWS": text}, "Action": "lambda:InvokeFunction",
            "Resource": "*",
        },
    });
    text != "*" && Policy::parse(&document.to_string(), PolicyKind::Resource).is_ok()
}
